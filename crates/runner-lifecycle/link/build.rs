//! Build script of both helpers: released programs are linked without what they never use. Other profiles keep it: tests unwind.
//!
//! - Unwind tables: panics abort and symbols are stripped, so nobody ever reads them, an eighth of the file.
//! - The C library's resolver with its plug-ins, 100 KiB: names are resolved by `gitlab::names`. reqwest and the standard library
//!   refer to it all the same, from code that is never reached; a call would end the program as a panic does.
//! - The C library's search for a thread's stack, which reads `/proc/self/maps` with a scanner of 90 KiB at each start. The standard
//!   library asks for it only to put a stack overflow in words, and takes a refusal: `fsync` of what is no file always refuses.

use std::path::Path;

/// The functions by which the C library's resolver is reached.
const RESOLVER: [&str; 3] = ["getaddrinfo", "freeaddrinfo", "gai_strerror"];

fn main() {
    let script =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../runner-lifecycle/link/no-unwind-tables.ld");
    println!("cargo::rerun-if-changed={}", script.display());
    let released = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    if released {
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
        for function in RESOLVER {
            println!("cargo::rustc-link-arg-bins=-Wl,--defsym={function}=abort");
        }
        println!("cargo::rustc-link-arg-bins=-Wl,--defsym=pthread_getattr_np=fsync");
    }
}
