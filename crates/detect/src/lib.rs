//! Findings from text and numbers. Pure, no I/O.
