//! Placeholder until its turn comes.
