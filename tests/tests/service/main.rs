//! The service as an operator runs it: the real program, its socket, its files, its signals, and the API as a client sees it.

mod commands;
mod crash;
mod disk;
mod idempotency;
mod ingestion;
mod live;
mod master_key;
mod packages;
mod publishing;
mod quotas;
mod robustness;
mod run_control;
mod running;
mod same_report;
mod server;
mod tenants;
mod traces;
