//! Tables of cases for tests: a case a line, ` │ ` between its cells, `↵` for a line break inside of one.

/// The cases of a table, which have `N` cells each.
pub(crate) fn rows<const N: usize>(table: &str) -> Vec<[String; N]> {
    let rows = table.lines().map(str::trim_start);
    rows.filter(|row| !row.is_empty())
        .map(|row| {
            let cells: Vec<String> = row
                .split(" │ ")
                .map(|cell| cell.replace('↵', "\n"))
                .collect();
            cells
                .try_into()
                .unwrap_or_else(|cells| panic!("not {N} cells: {cells:?}"))
        })
        .collect()
}
