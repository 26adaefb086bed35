//! Owns how the instance is set up: what an administrator could switch, and how slow or broken the road to it is.
//! Never holds what clients made; that is the state's.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::access::AccessToken;
use crate::groups::{Group, Project};
use crate::moment;
use crate::runner::RunnerType;

/// How the simulated GitLab is set up. All but `listen`, `relative_root`, `tls` and `seed` may also be changed while it runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Path before `/api/v4`, as in GitLab's relative URL installation: `""` or `"/gitlab"`.
    pub relative_root: String,
    /// Certificate and key; plain HTTP without.
    pub tls: Option<Tls>,
    /// Accept TCP connections but never answer the TLS client hello.
    pub hang_tls_handshake: bool,
    /// Seeds faults that strike with a probability.
    pub seed: u64,
    /// The instance's registration token; any text.
    pub registration_token: String,
    /// `allow_runner_registration_token`: off means 410 for registration tokens.
    pub allow_registration_tokens: bool,
    /// `valid_runner_registrars`: whose registration tokens count besides the instance's.
    pub registrars: Vec<RunnerType>,
    /// The projects; the first is where jobs go that name none.
    pub projects: Vec<Project>,
    /// The groups.
    pub groups: Vec<Group>,
    /// Access tokens known from the start; more through the simulator.
    pub access_tokens: Vec<AccessToken>,
    /// Plan limit of runners active in the last seven days, for each project and each group; instance runners are not limited.
    pub runner_limit: usize,
    /// How long authentication tokens are valid.
    pub token_expiry: TokenExpiry,
    /// Admin Mode: administrators' rights need the scope `admin_mode`.
    pub admin_mode: bool,
    /// Answer as GitLab did before about 18: no `created_by`, `created_at` and `job_execution_status` of a runner.
    pub before_18: bool,
    /// Refuse writes with 403 as a Geo secondary does.
    pub read_only: bool,
    /// Answer everything with 503 and this `Retry-After` (seconds).
    #[serde(with = "moment::maybe_seconds")]
    pub maintenance: Option<Duration>,
    /// Answer runner endpoints with 429 as during certain database migrations.
    pub migration_backoff: bool,
    /// Request limits; none unless set.
    pub rate_limits: RateLimits,
    /// Hold a `jobs/request` that knows the queue value of now for so long (seconds), as Workhorse does: 50 on GitLab.com.
    /// None: each request reaches the rules.
    #[serde(with = "moment::maybe_seconds")]
    pub long_poll: Option<Duration>,
    /// Time (seconds) between handing out a job and writing the answer.
    #[serde(with = "moment::seconds")]
    pub request_delay: Duration,
    /// A job whose taker hung up before the answer was written stays `running`, as on the real server; off puts it back.
    pub lose_cut_off_jobs: bool,
    /// `X-GitLab-Trace-Update-Interval`, seconds.
    pub trace_update_interval: u32,
    /// How often the final PUT with a checksum is answered 202 before 200.
    pub unpersisted_trace_answers: u32,
    /// Largest trace in bytes; beyond it 403 and the job fails.
    pub trace_limit: usize,
}

/// PEM texts for TLS.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tls {
    /// Server certificate, followed by its intermediates.
    pub certificate_chain: String,
    /// Private key of the first certificate.
    pub private_key: String,
    /// Roots of client certificates; when given, a client without one is refused.
    #[serde(default)]
    pub client_ca: Option<String>,
}

/// `runner_token_expiration_interval` and its group and project twins, in seconds; none means tokens do not expire.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenExpiry {
    /// For instance runners.
    #[serde(with = "moment::maybe_seconds")]
    pub instance: Option<Duration>,
    /// For group runners.
    #[serde(with = "moment::maybe_seconds")]
    pub group: Option<Duration>,
    /// For project runners.
    #[serde(with = "moment::maybe_seconds")]
    pub project: Option<Duration>,
}

/// Request limits, counted in fixed windows. Those of Rack::Attack begin at whole multiples of their period since 1970.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RateLimits {
    /// `POST /jobs/request` per runner token and minute (429 JSON, `Retry-After: 60`).
    pub jobs_request: Option<u32>,
    /// `PUT /jobs/:id` and `PATCH /jobs/:id/trace`, each per job token and minute; answered likewise.
    pub job_calls: Option<u32>,
    /// Unauthenticated requests per address (Rack::Attack: 429 text, `RateLimit-*` headers).
    pub unauthenticated: Option<Throttle>,
    /// Requests per user with an access token (Rack::Attack, answered likewise; as on GitLab.com with the headers on every answer).
    pub authenticated: Option<Throttle>,
}

/// So many requests in a period.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Throttle {
    /// Requests let through in one period.
    pub requests: u32,
    /// Length of the period, seconds.
    #[serde(with = "moment::seconds")]
    pub period: Duration,
}

impl Default for Settings {
    /// Group 1 with project 1, registration tokens on, no TLS, no limits, port chosen by the system.
    fn default() -> Settings {
        Settings {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            relative_root: String::new(),
            tls: None,
            hang_tls_handshake: false,
            seed: 0,
            registration_token: "gitlabtoken".into(),
            allow_registration_tokens: true,
            registrars: vec![RunnerType::Project, RunnerType::Group],
            projects: vec![Project::default()],
            groups: vec![Group::default()],
            access_tokens: Vec::new(),
            runner_limit: 1000,
            token_expiry: TokenExpiry::default(),
            admin_mode: false,
            before_18: false,
            read_only: false,
            maintenance: None,
            migration_backoff: false,
            rate_limits: RateLimits::default(),
            long_poll: None,
            request_delay: Duration::ZERO,
            lose_cut_off_jobs: true,
            trace_update_interval: 60,
            unpersisted_trace_answers: 0,
            trace_limit: 100 << 20,
        }
    }
}
