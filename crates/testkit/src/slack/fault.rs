//! How a call can fail.

/// What happens to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429 with `Retry-After` in seconds.
    TooMany(u64),
    /// A status with an empty body.
    Status(u16),
    /// 200 with the page of some proxy.
    Html,
    /// 200 with `ok: false` and this error.
    OkFalse(&'static str),
    /// No answer, ever.
    Hang,
    /// The beginning of an answer, and no end.
    HalfClose,
    /// The connection is closed without an answer, and nothing was done.
    Cut,
    /// The call is carried out, and the connection is closed without an answer.
    LandThenCut,
    /// The call is carried out, and 500 is the answer.
    LandThenFail,
    /// The call is carried out, and no answer comes, ever.
    LandThenHang,
    /// No answer, ever, and the call is carried out when [`FakeSlack::land_late`](super::FakeSlack::land_late) says.
    LandLate,
    /// 200 with more than anyone should read.
    Endless,
}

impl Fault {
    /// Whether the call is carried out all the same.
    pub(super) fn lands(&self) -> bool {
        matches!(self, Self::LandThenCut | Self::LandThenFail | Self::LandThenHang)
    }
}
