//! What a signal means for an incident. (Filled in next.)
