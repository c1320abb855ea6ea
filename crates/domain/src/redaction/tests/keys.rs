//! Secrets that are known by their own looks.

use super::super::base64::encode;
use super::super::redact;
use super::{alphanumeric, hex, jwt, masks, pem, stays};

#[test]
fn keys_with_a_known_prefix_are_masked_wherever_they_stand() {
    let keys = [
        ("aws_access_key", format!("AKIA{}", "IOSFODNN7EXAMPLE")),
        ("aws_access_key", format!("ASIA{}", "Z".repeat(16))),
        ("gcp_api_key", format!("AIza{}", alphanumeric(35))),
        ("github_token", format!("ghp_{}", alphanumeric(36))),
        ("github_token", format!("ghs_{}", "a".repeat(36))),
        ("github_token", format!("github_pat_{}_{}", alphanumeric(22), alphanumeric(59))),
        ("gitlab_token", format!("glpat-{}", alphanumeric(20))),
        ("slack_token", format!("xoxb-{}-{}", "1".repeat(12), alphanumeric(24))),
        ("slack_token", format!("xapp-1-{}", alphanumeric(40))),
        ("stripe_key", format!("sk_live_{}", alphanumeric(24))),
        ("stripe_key", format!("rk_test_{}", alphanumeric(24))),
        ("openai_key", format!("sk-{}", alphanumeric(48))),
        ("openai_key", format!("sk-proj-{}", alphanumeric(48))),
        ("anthropic_key", format!("sk-ant-api03-{}", alphanumeric(80))),
        ("npm_token", format!("npm_{}", alphanumeric(36))),
        ("pypi_token", format!("pypi-AgEIcHlwaS5vcmc{}", alphanumeric(60))),
        ("sendgrid_key", format!("SG.{}.{}", alphanumeric(22), alphanumeric(43))),
        ("twilio_key", format!("SK{}", hex(32))),
        ("vendor_token", format!("hvs.{}", alphanumeric(24))),
        ("vendor_token", format!("fh_intake_{}", hex(64))),
        ("vendor_token", format!("fh_act_{}", hex(64))),
        ("jwt", jwt()),
    ];
    for (kind, key) in &keys {
        for text in
            ["@@", "key @@ was used", "x=@@&y=1", "\"@@\"", "a\\n@@\\nb", "a%20@@%20b", "(@@),", "token: @@", "see @@."]
        {
            masks(text, key, kind);
        }
    }
}

#[test]
fn words_that_begin_like_keys_stay() {
    for text in [
        "sk-folding-cube sk-circle1 task-1234567890",
        "npm_config_cache=/root/.npm npm_lifecycle_event",
        "risk-assessment-of-the-year-2024 disk-full",
        "AKIA is a prefix; AKIAlowercase is no key",
        "ghp_ and xoxb- are prefixes, sk- too",
        "eyJ is how {\" begins in base64; eyJmb28iOiJiYXIifQ",
        "SG.1 and SG.2 are groups",
    ] {
        stays(text);
    }
}

#[test]
fn webhooks_lose_the_path_that_lets_anybody_post() {
    let path = format!("T{}/B{}/{}", "0".repeat(8), "1".repeat(8), alphanumeric(24));
    masks("https://hooks.slack.com/services/@@", &path, "slack_webhook");
    masks("{\"url\":\"https:\\/\\/hooks.slack.com\\/services\\/@@\"}", &path.replace('/', "\\/"), "slack_webhook");
    masks(
        "posting to https://discord.com/api/webhooks/@@ failed",
        &format!("{}/{}", "1".repeat(18), alphanumeric(68)),
        "vendor_token",
    );
    stays("https://hooks.slack.com/services/ is down");
}

#[test]
fn private_keys_are_masked_whole_escaped_encoded_and_cut_off() {
    for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"] {
        let block = pem(label);
        masks("key:\n@@\nend", &block, "private_key");
        masks("{\"key\":\"@@\\n\"}", &block.replace('\n', "\\n"), "private_key");
        masks("key=@@&x=1", &block.replace('\n', "%0A").replace(' ', "%20").replace('+', "%2B"), "private_key");
        let cut_off = &block[..block.len() - 60];
        masks("key:\n@@", cut_off, "private_key");
        masks("{\"key\":\"@@\"}", &cut_off.replace('\n', "\\n"), "private_key");
        masks("key: @@", &block[..block.find('\n').expect("a first line") + 20], "private_key");
    }
    // One line of a key, as an event of its own.
    masks("@@", &format!("MIIEvQ+{}", alphanumeric(57)), "private_key");
    let public = pem("CERTIFICATE").replace("MIIEvQ+", "MIIC");
    stays(&public);
    stays(&hex(64));
}

#[test]
fn a_cut_off_key_does_not_take_the_sentence_after_it() {
    let raw = format!("-----BEGIN PRIVATE KEY-----\n{}\nand then the service stopped", alphanumeric(64));
    assert_eq!(redact(&raw).as_str(), "[REDACTED:private_key]\nand then the service stopped");
}

#[test]
fn secrets_wrapped_in_base64_are_masked_with_their_wrapping() {
    let check = |inside: &str, kind: &str| {
        let wrapped = encode(inside.as_bytes());
        masks("data: @@", &wrapped, kind);
        masks("/in/@@", &wrapped, kind);
        masks("data=@@", &encode(wrapped.as_bytes()), kind);
        masks("x: @@", wrapped.trim_end_matches('='), kind);
    };
    check("password=hunter2 user=bob", "password");
    check("{\"db\":\"postgres://app:hunter2@db1/shop\"}", "url_credentials");
    check(&format!("key {} end", jwt()), "jwt");
    check(&pem("PRIVATE KEY"), "private_key");
    let wide: Vec<u8> = "password=hunter2".bytes().flat_map(|byte| [byte, 0]).collect();
    masks("powershell -enc @@", &encode(&wide), "password");
    let long = encode(format!("{} password=hunter2", "x".repeat(100)).as_bytes());
    masks("data:\n@@\n", &format!("{}\n{}", &long[..76], &long[76..]), "password");
    stays(&encode(b"nothing to see here, move along please"));
}

#[test]
fn cards_are_told_from_ids_and_times() {
    let cards = [
        ["4111", "1111", "1111", "1111"].concat(),
        ["4242", "4242", "4242", "4242"].join(" "),
        ["5555", "5555", "5555", "4444"].join("-"),
        ["3782", "822463", "10005"].concat(),
        ["3782", "822463", "10005"].join(" "),
        ["6011", "1111", "1111", "1117"].concat(),
        ["3056", "930902", "5904"].concat(),
        ["4111", "1111", "1111", "1111"].join("%20"),
        ["3530", "1113", "3330", "0000"].concat(),
        ["6205", "5000", "0000", "0000", "004"].concat(),
        ["4222", "222222", "222"].concat(),
    ];
    for card in &cards {
        for text in ["card @@ declined", "pan=@@", "\"number\":\"@@\"", "2024-01-02 03:04:05 @@", "@@, 12/27"] {
            masks(text, card, "card");
        }
    }
    for text in [
        "blk_4111111111111111 of 67108864",
        "blk_-4111111111111111",
        "order_id=4111111111111111",
        "{\"traceId\":4111111111111111}",
        "timestamp: 4111111111111111",
        "4111111111111112",
        "1700000000000 1700000000000000 1700000000000000000",
        "4111111111111111.25",
        "4111 1111 1111 1111 2222",
        "9999 4111 1111 1111 1111",
        "a4111111111111111",
        "4111-1111-1111-1111-1111",
        "0000000000000000 4444444444444444",
        "10.0.0.1 192.168.100.100 +49 30 1234 5678",
    ] {
        stays(text);
    }
}
