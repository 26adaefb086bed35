//! Owns the words for what went wrong inside of a library. A library's own words may quote what it was given, a key or a
//! token among it, and its names say nothing to an operator: they are shown nowhere. It decides nothing.

pub(crate) mod http;
pub(crate) mod io;
pub(crate) mod pem;
pub(crate) mod tls;
