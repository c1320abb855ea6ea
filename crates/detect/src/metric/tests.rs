//! Series of kinds that nothing was tuned on.

use super::*;
