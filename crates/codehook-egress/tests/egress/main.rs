//! A session against real servers on loopback.

mod access;
mod exchange;
mod limits;
mod secrecy;
mod support;
mod tls;
