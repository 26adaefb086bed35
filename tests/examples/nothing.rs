//! The empty static program that the benchmark measures the helpers beside: what a process costs that does nothing.

fn main() {}
