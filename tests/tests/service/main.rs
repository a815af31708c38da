//! The service as an operator runs it: the real program, its socket, its files, its signals, and the API as a client sees it.

mod crash;
mod disk;
mod ingestion;
mod publishing;
mod running;
mod server;
mod tenants;
