//! Cases of the lists of runners of a project and of a group.

use gitlab_simulator::{Membership, Role};
use serde_json::Value;

use crate::client::{call, get, ids};
use crate::gitlab::{
    group_runner, in_group, in_project, instance_runner, project_runner, start, with_groups,
};

#[test]
fn case_100_project_and_group_lists_reach_upwards() {
    let sim = with_groups();
    let shared = instance_runner(&sim).id;
    let (root, sub) = (group_runner(&sim, 1).id, group_runner(&sim, 2).id);
    let (in_root, in_sub) = (project_runner(&sim, &[1]).id, project_runner(&sim, &[2]).id);
    let token = in_group(&sim, Membership::Maintainer);
    assert_eq!(
        ids(&get(&sim, &token, "/projects/1/runners")),
        [shared, root, in_root]
    );
    assert_eq!(
        ids(&get(&sim, &token, "/projects/2/runners")),
        [shared, root, sub, in_sub]
    );
    assert_eq!(ids(&get(&sim, &token, "/groups/1/runners")), [shared, root]);
    assert_eq!(
        ids(&get(&sim, &token, "/groups/2/runners")),
        [shared, root, sub]
    );
    assert_eq!(get(&sim, &token, "/projects/99/runners").status, 404);
}

#[test]
fn case_101_project_and_group_lists_are_for_maintainers() {
    let sim = start();
    for list in ["/projects/1/runners", "/groups/1/runners"] {
        assert_eq!(
            get(&sim, &in_group(&sim, Membership::Reporter), list).status,
            403
        );
        assert_eq!(call(&sim, "GET", list, &Value::Null).status, 401);
        for (scope, status) in [
            ("manage_runner", 403),
            ("create_runner", 403),
            ("read_api", 200),
        ] {
            let token = sim.add_access_token(&[scope], Role::in_group(1, Membership::Maintainer));
            assert_eq!(get(&sim, &token, list).status, status, "{list} {scope}");
        }
    }
    assert_eq!(
        get(
            &sim,
            &in_project(&sim, 1, Membership::Maintainer),
            "/projects/1/runners"
        )
        .status,
        200
    );
}

#[test]
fn case_102_project_and_group_lists_have_the_filters() {
    let sim = start();
    let group = group_runner(&sim, 1).id;
    let project = project_runner(&sim, &[1]).id;
    sim.update(|state| state.runners[1].paused = true);
    let token = in_group(&sim, Membership::Maintainer);
    let check = |endpoint: &str, expected: &[i64]| {
        assert_eq!(ids(&get(&sim, &token, endpoint)), expected, "{endpoint}");
    };
    check("/projects/1/runners?type=group_type", &[group]);
    check("/projects/1/runners?paused=true", &[project]);
    check("/projects/1/runners?status=active", &[group]);
    check("/projects/1/runners?tag_list=none", &[]);
    check("/groups/1/runners?type=project_type", &[]);
    check("/groups/1/runners?scope=nonsense", &[group]);
    assert_eq!(get(&sim, &token, "/groups/1/runners?status=x").status, 400);
}
