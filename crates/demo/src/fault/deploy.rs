//! A new version of checkout cannot handle coupons. It reports its exceptions itself; pages and customers feel
//! them too. A rollback ends it.

use crate::script::{Script, millis, seconds, traced};
use crate::shop::{Level, Service};
use crate::traffic::failed_request;
use foghorn_domain::clock::SignedDuration;

/// The version that does not work, and the one before.
pub(crate) const NEW: &str = "v2.41.0";
pub(crate) const OLD: &str = "v2.40.3";

/// Seconds from the deploy to the first customer with a coupon, and from there to the rollback.
pub(crate) const QUIET: i64 = 110;
pub(crate) const LASTS: i64 = 330;

const EXCEPTIONS: [&str; 3] = [
    "java.lang.NullPointerException: Cannot invoke \"Coupon.rate()\" because \"coupon\" is null\n\tat com.shop.checkout.Totals.reduce(Totals.java:88)\n\tat com.shop.checkout.Totals.of(Totals.java:41)\n\tat com.shop.checkout.CouponController.put(CouponController.java:57)",
    "java.lang.IllegalStateException: total of order is below zero\n\tat com.shop.checkout.OrderChecks.total(OrderChecks.java:132)\n\tat com.shop.checkout.OrderService.place(OrderService.java:201)",
    "com.fasterxml.jackson.databind.exc.MismatchedInputException: Cannot construct instance of `com.shop.checkout.CouponRequest`: no field named percent\n\tat com.fasterxml.jackson.databind.exc.MismatchedInputException.from(MismatchedInputException.java:63)\n\tat com.shop.checkout.CouponController.read(CouponController.java:33)",
];

/// Writes the fault from `at` on, when the first customer meets it. The deploy lies before.
pub(crate) fn write(script: &mut Script, at: SignedDuration) {
    let deployed = at - seconds(QUIET);
    script.change(
        deployed,
        Service::Checkout,
        NEW,
        &format!("deployed {NEW} (commit 4f1c9e2): coupons by percentage, by ben"),
    );
    let mut second = 0;
    let mut count = 0;
    while second < LASTS {
        let moment = at + seconds(second);
        let checkout = (Service::Checkout, script.dice.between(1, 2));
        // Each is met early on, then by chance.
        let stack = if count < 6 { EXCEPTIONS[count / 2] } else { *script.dice.pick(&EXCEPTIONS) };
        let trace = failed_request(script, moment, ("PUT", "/api/checkout/coupon"), (500, 31), checkout);
        traced(script.report(moment, checkout, NEW, stack), &trace);
        let web = (Service::Web, script.dice.between(1, 3));
        traced(
            script.log(
                moment + millis(12),
                web,
                Level::Error,
                "checkout failed on a coupon (500), basket shown without it",
            ),
            &trace,
        );
        count += 1;
        second += script.dice.between(3, 11);
    }
    let text = format!("rolled back to {OLD}, by ben");
    script.change(at + seconds(LASTS), Service::Checkout, OLD, &text);
}
