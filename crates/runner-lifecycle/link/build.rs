//! Build script of both helpers: released programs are linked without unwind tables. Their panics abort and their symbols are
//! stripped, so nobody ever reads the tables, which are an eighth of the file. Other profiles keep them: tests unwind.

use std::path::Path;

fn main() {
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../runner-lifecycle/link/no-unwind-tables.ld");
    println!("cargo::rerun-if-changed={}", script.display());
    let released = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if released {
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
    }
}
