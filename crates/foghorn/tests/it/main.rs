//! Whole flows, from bytes in to audit out. One binary, a file for each thing Foghorn promises.
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod samples;
mod folding;
mod endings;
mod telling;
mod acting;
mod learning;
mod intake;
mod alerts;
mod bad_input;
mod pages;
mod memory_pages;
mod who_may_call;
mod openapi;
mod process;
mod crash;
mod audit_verify;
mod prometheus;
mod startup;
mod commands;
mod routes;
mod eval;
mod memory;
mod memory_commands;
mod model_files;
mod slack;
mod slack_errors;
mod storm;
mod quiet;
mod silences;
mod told;
mod tell_crash;
mod python;
mod retention;
mod browser;
