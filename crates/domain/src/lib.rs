//! The words Foghorn is built from, and the rules that need nothing but them.
//!
//! Reading order follows an event's way through the program: an [`event`] arrives, [`finding`]s are
//! made of it, a [`fingerprint`] says what it repeats, [`lifecycle`] decides what that means for an
//! [`incident`], the [`analyst`] explains it out of [`playbook`]s and memory in an [`analysis`], a language model
//! that is asked, too, is told of it by a [`prompt`] and its [`answer`] is checked, a [`notification`] says why
//! somebody is told, a [`message`] is what they read, and the [`audit`] chain remembers who did what. When it is
//! over, a [`draft`] says what may have fixed it. [`redaction`] stands between all of that and anything that leaves
//! the process, and an [`access_key`] says which program calls.
//!
//! Nothing here does I/O, reads a clock or draws a random number: time is an argument.

pub mod access_key;
pub mod analysis;
pub mod analyst;
pub mod prompt;
pub mod answer;
pub mod clock;
pub mod draft;
pub mod event;
pub mod finding;
pub mod fingerprint;
pub mod incident;
pub mod lifecycle;
pub mod message;
pub mod audit;
pub mod notification;
pub mod playbook;
pub mod redaction;
pub mod secret;
pub mod severity;
pub mod text;
pub mod words;
