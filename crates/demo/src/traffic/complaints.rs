//! Error lines that belong to a good day: somebody logs them as errors, and nobody has to do anything.

use super::moments;
use crate::dice::Words;
use crate::hour::Planned;
use crate::script::Script;
use crate::shop::{Level, Service};
use foghorn_domain::clock::SignedDuration;

/// How often each complaint is made in a usual hour.
const PER_HOUR: i64 = 20;

/// The complaints: a card that is declined, a robot with a forged cookie.
pub(crate) const COMPLAINTS: [(Service, Words); 2] = [
    (Service::Payments, |dice| {
        format!("payments.gateway: card declined by its issuer, code 51, order {}", dice.between(100_000, 999_999))
    }),
    (Service::Auth, |dice| format!("msg=\"cookie with a wrong signature thrown away\" cookie={}", dice.hex(8))),
];

pub(super) fn write(mut script: Script, lasts: SignedDuration, rate: u32) -> Vec<Planned> {
    for (service, text) in COMPLAINTS {
        for at in moments(&mut script.dice, lasts, PER_HOUR * i64::from(rate)) {
            let machine = script.dice.between(1, service.instances());
            let text = text(&mut script.dice);
            script.log(at, (service, machine), Level::Error, &text);
        }
    }
    script.finish()
}
