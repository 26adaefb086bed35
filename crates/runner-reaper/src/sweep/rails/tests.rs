//! Lists and clocks, by tables.

use runner_lifecycle::gitlab::RunnerRow;

use super::*;

fn page(number: u64, ids: &[i64], next: Option<u64>, total: Option<u64>) -> Page {
    let row = |id: &i64| RunnerRow {
        id: *id,
        ..RunnerRow::default()
    };
    Page {
        rows: ids.iter().map(row).collect(),
        number,
        size: 2,
        next,
        total,
    }
}

/// How a list ends: whole, or with the first words of what is wrong.
fn read(pages: &[Page]) -> Result<(), String> {
    let mut list = PagedList::default();
    for page in pages {
        if list.admit(page).map_err(|failure| failure.to_string())? {
            return Ok(());
        }
    }
    Err("there is more".to_owned())
}

#[test]
fn a_whole_list_in_its_order_is_taken() {
    for pages in [
        vec![page(1, &[], None, Some(0))],
        vec![page(1, &[3], None, Some(1))],
        vec![page(1, &[3, 4], None, Some(2))],
        vec![
            page(1, &[3, 4], Some(2), Some(3)),
            page(2, &[9], None, Some(3)),
        ],
        // One was made, and some have gone, while it was read.
        vec![
            page(1, &[3, 4], Some(2), Some(3)),
            page(2, &[9, 10], None, Some(4)),
        ],
        vec![
            page(1, &[3, 4], Some(2), Some(4)),
            page(2, &[9], None, Some(3)),
        ],
        vec![
            page(1, &[3, 4], Some(2), Some(3)),
            page(2, &[], None, Some(1)),
        ],
    ] {
        assert_eq!(read(&pages), Ok(()), "{pages:?}");
    }
}

#[test]
fn a_list_that_may_not_be_whole_ends_the_run() {
    fn check(pages: &[Page], want: &str) {
        let error = read(pages).unwrap_err();
        assert!(error.contains(want), "{pages:?}: {error}");
    }
    let cut = "cut short";
    check(&[page(1, &[3], Some(2), Some(5))], cut);
    check(&[page(1, &[3], None, Some(2))], cut);
    check(&[page(1, &[3, 4], None, Some(3))], cut);
    check(&[page(1, &[3, 4], Some(3), Some(5))], cut);
    check(&[page(1, &[3, 4], Some(2), Some(2))], cut);
    check(&[page(1, &[], None, Some(7))], cut);
    // Nobody said how long it is, and it is not so long that GitLab would not count it.
    check(&[page(1, &[3], None, None)], cut);
    let order = "not in the order";
    check(&[page(1, &[4, 3], None, Some(2))], order);
    check(&[page(1, &[3, 3], None, Some(2))], order);
    let second = [
        page(1, &[3, 9], Some(2), Some(3)),
        page(2, &[9], None, Some(3)),
    ];
    check(&second, order);
    let other = "another page";
    check(&[page(2, &[3], None, Some(3))], other);
    check(&[page(1, &[3, 4, 5], None, Some(3))], other);
    let again = [
        page(1, &[3, 4], Some(2), Some(4)),
        page(1, &[3, 4], Some(2), Some(4)),
    ];
    check(&again, other);
    let shorter = Page {
        size: 1,
        ..page(2, &[9], None, Some(3))
    };
    check(&[page(1, &[3, 4], Some(2), Some(3)), shorter], other);
}

#[test]
fn an_uncounted_list_is_whole_when_it_is_longer_than_gitlab_counts() {
    let mut list = PagedList::default();
    for number in 1..=5_000 {
        let ids = [2 * number as i64, 2 * number as i64 + 1];
        assert!(
            !list
                .admit(&page(number, &ids, Some(number + 1), None))
                .unwrap()
        );
    }
    assert!(list.admit(&page(5_001, &[20_000], None, None)).unwrap());
}

#[test]
fn clocks_that_are_more_than_a_minute_apart_end_the_run() {
    fn check(ours: u64, gitlab: Option<u64>, want: Option<&str>) {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        match (clock(at(ours), gitlab.map(at)), want) {
            (Ok(now), None) => assert_eq!(Some(now), gitlab.map(at)),
            (Err(failure), Some(want)) => {
                assert!(failure.to_string().contains(want), "{failure}");
            }
            (got, want) => panic!("{got:?} instead of {want:?}"),
        }
    }
    check(1_000, Some(1_000), None);
    check(1_000, Some(1_060), None);
    check(1_060, Some(1_000), None);
    check(1_000, Some(1_061), Some("1m01s behind GitLab's"));
    check(1_061, Some(1_000), Some("1m01s ahead of GitLab's"));
    check(1_000, None, Some("no Date header"));
}
