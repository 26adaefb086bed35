//! Owns pagination: which rows of a list go out, and the headers that tell where the rest is.

use serde_json::Value;
use url::form_urlencoded;

use crate::answer::Answer;
use crate::request::{Params, Request};

const USUAL: i64 = 20;
const MOST: i64 = 100;
/// Longer lists are not counted.
const COUNTED: usize = 10_000;

/// Which page was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Page {
    number: usize,
    size: usize,
}

impl Page {
    pub(super) fn read(params: &mut Params) -> Page {
        let number = params.integer("page").unwrap_or(1).max(1);
        let size = params.integer("per_page").unwrap_or(USUAL).clamp(1, MOST);
        Page {
            number: number as usize,
            size: size as usize,
        }
    }

    /// The rows of this page, with GitLab's headers; totals only where GitLab counts. Only what goes out is shown as JSON.
    pub(super) fn answer<T>(
        self,
        all: &[T],
        show: impl Fn(&T) -> Value,
        request: &Request,
        totals: bool,
    ) -> Answer {
        let Page { number, size } = self;
        let total = all.len();
        let totals = totals && total <= COUNTED;
        let pages = total.div_ceil(size).max(1);
        let here = all.iter().skip((number - 1) * size).take(size);
        let rows: Vec<Value> = here.map(show).collect();
        let next = (number < pages).then_some(number + 1);
        let previous = (number > 1).then_some(number - 1);
        let text = |page: Option<usize>| page.map(|page| page.to_string()).unwrap_or_default();
        let mut links = Vec::new();
        for (page, rel) in [
            (previous, "prev"),
            (next, "next"),
            (Some(1), "first"),
            (totals.then_some(pages), "last"),
        ] {
            let page = page.map(|page| page.to_string());
            links.extend(page.map(|page| {
                link(
                    request,
                    &[("page", &page), ("per_page", &size.to_string())],
                    rel,
                )
            }));
        }
        let answer = Answer::json(200, &Value::Array(rows))
            .header("X-Page", number.to_string())
            .header("X-Per-Page", size.to_string())
            .header("X-Next-Page", text(next))
            .header("X-Prev-Page", text(previous))
            .header("Link", links.join(", "));
        if totals {
            answer
                .header("X-Total", total.to_string())
                .header("X-Total-Pages", pages.to_string())
        } else {
            answer
        }
    }

    /// Keyset pagination over rows that are in order: those behind the cursor, and where to go on.
    pub(super) fn keyset(
        self,
        rows: Vec<Value>,
        request: &Request,
        cursor: Option<&str>,
    ) -> Answer {
        let id = |row: &Value| row["id"].to_string();
        let behind = cursor
            .and_then(|cursor| rows.iter().position(|row| id(row) == cursor))
            .map_or(0, |at| at + 1);
        let more = rows.len() > behind + self.size;
        let rows: Vec<Value> = rows.into_iter().skip(behind).take(self.size).collect();
        let last = rows.last().filter(|_| more).map(id);
        let answer = Answer::json(200, &Value::Array(rows));
        match last {
            Some(last) => answer.header("Link", link(request, &[("cursor", &last)], "next")),
            None => answer,
        }
    }
}

/// The request's own URL with some parameters changed.
fn link(request: &Request, changed: &[(&str, &str)], rel: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(request.query.as_bytes()) {
        if !changed.iter().any(|(own, _)| *own == name) {
            query.append_pair(&name, &value);
        }
    }
    query.extend_pairs(changed);
    let scheme = if request.tls { "https" } else { "http" };
    let host = request.header("host").unwrap_or_default();
    format!(
        "<{scheme}://{host}{}?{}>; rel=\"{rel}\"",
        request.path,
        query.finish()
    )
}
