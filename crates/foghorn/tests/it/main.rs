//! Whole flows, from bytes in to audit out. One binary, a file for each thing Foghorn promises.
#![allow(clippy::unwrap_used, reason = "a test stops where something is not as it must be")]

mod samples;
mod folding;
mod endings;
mod telling;
mod acting;
mod intake;
mod alerts;
mod bad_input;
mod pages;
mod who_may_call;
mod openapi;
mod process;
mod crash;
mod audit_verify;
mod prometheus;
mod startup;
mod commands;
mod routes;
mod slack;
mod slack_errors;
mod storm;
mod quiet;
mod tell_crash;
mod mail;
mod doors;
mod watchman;
mod python;
mod retention;
mod browser;
