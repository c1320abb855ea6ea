//! Keys that say by their first characters what they are. The prefixes are those the vendors document
//! for secret scanning.

use super::base64;
use super::kind::SecretKind;
use super::scan::{Body, Scan};
use std::ops::Range;

/// A key known by its prefix.
#[derive(Debug)]
pub(super) struct Format {
    /// What it begins with, in this very case.
    pub(super) prefix: &'static str,
    kind: SecretKind,
    body: Body,
    /// How many characters follow the prefix, least and most.
    length: (usize, usize),
    /// How many letters and digits must stand in a row somewhere in it, so that `sk-folding-cube` and
    /// `npm_config_cache` are not taken for keys.
    stretch: usize,
}

const ANY: usize = usize::MAX;

const fn format(prefix: &'static str, kind: SecretKind, body: Body, least: usize) -> Format {
    Format { prefix, kind, body, length: (least, ANY), stretch: 0 }
}

const fn exact(prefix: &'static str, kind: SecretKind, body: Body, length: usize) -> Format {
    Format { prefix, kind, body, length: (length, length), stretch: 0 }
}

const fn stretched(prefix: &'static str, kind: SecretKind, body: Body, stretch: usize) -> Format {
    Format { prefix, kind, body, length: (stretch, ANY), stretch }
}

/// Every format there is.
pub(super) const FORMATS: &[Format] = &[
    exact("AKIA", SecretKind::AwsAccessKey, Body::Upper, 16),
    exact("ASIA", SecretKind::AwsAccessKey, Body::Upper, 16),
    exact("ABIA", SecretKind::AwsAccessKey, Body::Upper, 16),
    exact("ACCA", SecretKind::AwsAccessKey, Body::Upper, 16),
    format("AIza", SecretKind::GcpApiKey, Body::Dashed, 30),
    format("GOCSPX-", SecretKind::GcpApiKey, Body::Dashed, 20),
    format("ya29.", SecretKind::GcpApiKey, Body::Dotted, 20),
    format("ghp_", SecretKind::GithubToken, Body::Word, 20),
    format("gho_", SecretKind::GithubToken, Body::Word, 20),
    format("ghu_", SecretKind::GithubToken, Body::Word, 20),
    format("ghs_", SecretKind::GithubToken, Body::Word, 20),
    format("ghr_", SecretKind::GithubToken, Body::Word, 20),
    format("github_pat_", SecretKind::GithubToken, Body::Word, 20),
    format("glpat-", SecretKind::GitlabToken, Body::Dotted, 16),
    format("gldt-", SecretKind::GitlabToken, Body::Dotted, 16),
    format("glrt-", SecretKind::GitlabToken, Body::Dotted, 16),
    format("glcbt-", SecretKind::GitlabToken, Body::Dotted, 16),
    format("glptt-", SecretKind::GitlabToken, Body::Dotted, 16),
    format("glft-", SecretKind::GitlabToken, Body::Dotted, 16),
    format("glsoat-", SecretKind::GitlabToken, Body::Dotted, 16),
    format("glagent-", SecretKind::GitlabToken, Body::Dotted, 16),
    format("xoxb-", SecretKind::SlackToken, Body::Dashed, 10),
    format("xoxp-", SecretKind::SlackToken, Body::Dashed, 10),
    format("xoxa-", SecretKind::SlackToken, Body::Dashed, 10),
    format("xoxr-", SecretKind::SlackToken, Body::Dashed, 10),
    format("xoxs-", SecretKind::SlackToken, Body::Dashed, 10),
    format("xoxe-", SecretKind::SlackToken, Body::Dashed, 10),
    format("xoxc-", SecretKind::SlackToken, Body::Dashed, 10),
    format("xoxd-", SecretKind::SlackToken, Body::Dashed, 10),
    format("xoxe.xox", SecretKind::SlackToken, Body::Dashed, 10),
    format("xapp-", SecretKind::SlackToken, Body::Dashed, 10),
    format("sk_live_", SecretKind::StripeKey, Body::Alphanumeric, 10),
    format("sk_test_", SecretKind::StripeKey, Body::Alphanumeric, 10),
    format("rk_live_", SecretKind::StripeKey, Body::Alphanumeric, 10),
    format("rk_test_", SecretKind::StripeKey, Body::Alphanumeric, 10),
    format("whsec_", SecretKind::StripeKey, Body::Alphanumeric, 20),
    format("sk-ant-", SecretKind::AnthropicKey, Body::Dashed, 16),
    stretched("sk-", SecretKind::OpenaiKey, Body::Dashed, 20),
    stretched("npm_", SecretKind::NpmToken, Body::Alphanumeric, 30),
    format("pypi-Ag", SecretKind::PypiToken, Body::Dashed, 30),
    format("SG.", SecretKind::SendgridKey, Body::Dotted, 40),
    format("dop_v1_", SecretKind::VendorToken, Body::Alphanumeric, 32),
    format("doo_v1_", SecretKind::VendorToken, Body::Alphanumeric, 32),
    format("shpat_", SecretKind::VendorToken, Body::Alphanumeric, 32),
    format("shpss_", SecretKind::VendorToken, Body::Alphanumeric, 32),
    format("hvs.", SecretKind::VendorToken, Body::Dashed, 24),
    format("hvb.", SecretKind::VendorToken, Body::Dashed, 24),
    format("dckr_pat_", SecretKind::VendorToken, Body::Dashed, 20),
    format("glsa_", SecretKind::VendorToken, Body::Word, 32),
    format("glc_eyJ", SecretKind::VendorToken, Body::Dotted, 32),
    format("lin_api_", SecretKind::VendorToken, Body::Alphanumeric, 32),
    format("rubygems_", SecretKind::VendorToken, Body::Alphanumeric, 40),
    format("xkeysib-", SecretKind::VendorToken, Body::Dashed, 40),
    format("sntrys_", SecretKind::VendorToken, Body::Dotted, 32),
    format("sntryu_", SecretKind::VendorToken, Body::Alphanumeric, 32),
    format("ATATT3x", SecretKind::VendorToken, Body::Dotted, 32),
    format("AGE-SECRET-KEY-1", SecretKind::VendorToken, Body::Alphanumeric, 32),
    format("NRAK-", SecretKind::VendorToken, Body::Alphanumeric, 20),
    format("PMAK-", SecretKind::VendorToken, Body::Dashed, 40),
    format("sq0csp-", SecretKind::VendorToken, Body::Dashed, 30),
    format("sq0atp-", SecretKind::VendorToken, Body::Dashed, 20),
    format("fh_intake_", SecretKind::VendorToken, Body::Alphanumeric, 32),
    format("fh_read_", SecretKind::VendorToken, Body::Alphanumeric, 32),
    format("fh_act_", SecretKind::VendorToken, Body::Alphanumeric, 32),
    stretched("hf_", SecretKind::VendorToken, Body::Alphanumeric, 30),
    stretched("gsk_", SecretKind::VendorToken, Body::Alphanumeric, 40),
];

/// Masks the key whose prefix stands at `at`, if the rest of it follows.
pub(super) fn judge(scan: &mut Scan<'_>, format: &Format, at: Range<usize>) {
    if &scan.bytes[at.clone()] != format.prefix.as_bytes()
        || !scan.is_word_start(at.start)
        || at.end >= scan.bytes.len()
    {
        return;
    }
    let end = scan.run_end(format.body, at.end);
    let (least, most) = format.length;
    let length = end - at.end;
    if length < least || length > most || !has_stretch(&scan.bytes[at.end..end], format.stretch) {
        return;
    }
    // A full stop or a dash at the end belongs to the sentence.
    let trimmed = scan.bytes[..end].iter().rev().take_while(|byte| matches!(byte, b'.' | b'-')).count();
    scan.found(at.start..end - trimmed.min(length), format.kind);
}

/// Whether so many letters and digits stand in a row near the beginning.
fn has_stretch(body: &[u8], length: usize) -> bool {
    let head = &body[..body.len().min(128)];
    length == 0 || head.split(|byte| !byte.is_ascii_alphanumeric()).any(|stretch| stretch.len() >= length)
}

/// Masks a JSON Web Token (RFC 7519): two or more parts of base64url between dots, the first of which
/// is a JSON object that names an algorithm.
pub(super) fn judge_jwt(scan: &mut Scan<'_>, at: Range<usize>) {
    if &scan.bytes[at.clone()] != b"eyJ" || !scan.is_word_start(at.start) {
        return;
    }
    let header_end = scan.run_end(Body::Dashed, at.start);
    let header = &scan.bytes[at.start..header_end.min(at.start + 256)];
    let (mut end, mut parts, mut looks_like_claims) = (header_end, 1, false);
    while parts < 5 && scan.bytes.get(end) == Some(&b'.') && end + 1 < scan.bytes.len() {
        let part_end = scan.run_end(Body::Dashed, end + 1);
        looks_like_claims |= parts == 1 && scan.bytes[end + 1..part_end].starts_with(b"eyJ") && part_end - end > 10;
        end = part_end;
        parts += 1;
    }
    let decoded = base64::decode(header);
    let names = |field: &[u8]| decoded.windows(field.len()).any(|window| window == field);
    let is_header = [b"\"alg\"", b"\"typ\"", b"\"kid\"", b"\"enc\""].into_iter().any(|field| names(field));
    if parts >= 2 && (is_header || parts >= 3 && looks_like_claims && header.len() >= 10) {
        let trimmed = usize::from(scan.bytes[..end].ends_with(b"."));
        scan.found(at.start..end - trimmed, SecretKind::Jwt);
    }
}
