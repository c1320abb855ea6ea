//! Tests of the gate as a whole, cases as data. Values that look like live keys are put together here,
//! so that no scanner of this repository takes them for real ones.

use super::base64::encode;
use super::*;
use serde_json::json;

/// `text` with `secret` in place of `@@` must come out with `mask` in its place, and nothing else changed.
fn masks(text: &str, secret: &str, kind: &str) {
    let raw = text.replace("@@", secret);
    let expected = text.replace("@@", &format!("[REDACTED:{kind}]"));
    let redacted = redact(&raw);
    assert_eq!(redacted.as_str(), expected, "from {raw}");
    assert_eq!(redact(redacted.as_str()), redacted, "twice: {raw}");
    assert_eq!(counts(&raw).into_iter().map(|(kind, count)| (kind.as_str(), count)).collect::<Vec<_>>(), [(kind, 1)]);
}

fn stays(text: &str) {
    assert_eq!(redact_cow(text), text);
    assert!(matches!(redact_cow(text), Cow::Borrowed(_)), "{text}");
    assert!(counts(text).is_empty());
}

fn alphanumeric(length: usize) -> String {
    "a1B2c3D4e5F6g7H8".chars().cycle().take(length).collect()
}

fn hex(length: usize) -> String {
    "3f9a0c7e1b5d".chars().cycle().take(length).collect()
}

fn jwt() -> String {
    let part = |text: &str| encode(text.as_bytes()).trim_end_matches('=').to_owned();
    format!(
        "{}.{}.{}",
        part(r#"{"alg":"HS256","typ":"JWT"}"#),
        part(r#"{"sub":"1234","name":"bob"}"#),
        alphanumeric(43)
    )
}

fn pem(label: &str) -> String {
    let line = "MIIEvQ+".chars().chain(alphanumeric(57).chars()).collect::<String>();
    format!("-----BEGIN {label}-----\n{line}\n{line}\nAbc1==\n-----END {label}-----")
}

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
fn values_under_a_secret_name_are_masked_in_every_notation() {
    for text in [
        "password=@@",
        "password = @@",
        "password=@@ user=bob",
        "user=bob,password=@@,host=db1",
        "user=bob;Password=@@;Server=db1",
        "GET /login?user=bob&password=@@&next=%2F HTTP/1.1",
        "DB_PASSWORD=@@",
        "export PGPASSWORD='@@'",
        "spring.datasource.password=@@",
        "passwd: @@",
        "  password: @@\n  user: bob",
        "password: \"@@\"",
        "{\"user\":\"bob\",\"password\":\"@@\"}",
        "{'password': '@@', 'user': 'bob'}",
        "{\\\"password\\\":\\\"@@\\\",\\\"user\\\":\\\"bob\\\"}",
        "{\\\\\\\"password\\\\\\\": \\\\\\\"@@\\\\\\\"}",
        "{\"dbPassword\" : \"@@\"}",
        "user[password]=@@&x=1",
        "user%5Bpassword%5D=@@&x=1",
        "password%3D@@",
        "password%3D@@%26user%3Dbob",
        "body=%7B%22password%22%3A%22@@%22%7D",
        "next=%2Flogin%3Fpassword%253D@@%26x%3D1",
        "password\\u003d@@\\u0026user\\u003dbob",
        "&quot;password&quot;:&quot;@@&quot;",
        "login?a=b&amp;password=@@&amp;c=d",
        "<password>@@</password>",
        "&lt;password&gt;@@&lt;/password&gt;",
        "psql --password @@ -h db1",
        "tool --password=@@ --verbose",
        "[\"tool\",\"--password\",\"@@\"]",
        "ALTER ROLE app PASSWORD '@@'",
        "CREATE USER app IDENTIFIED BY '@@'",
        "map[Password:[@@] User:[bob]]",
        "Config { password: Some(\"@@\"), user: \"bob\" }",
        "- name: DB_PASSWORD\n  value: @@\n",
        "{\"name\":\"DB_PASSWORD\",\"value\":\"@@\"}",
        "name=\"password\"\r\n\r\n@@\r\n--boundary",
        "a\\npassword=@@\\nb",
        "the password is @@",
        "\"password\":\"@@",
        "client_secret=@@&grant_type=x",
        "secret: @@",
        "api_key=@@",
        "X-Api-Key: @@",
        "apiKey=@@",
        "token=@@",
        "auth_token: @@",
        "csrf_token=@@",
    ] {
        masks(text, "hunter2", "password");
        masks(text, "k3yT0day9", "password");
    }
}

#[test]
fn a_password_may_be_a_word_a_number_or_full_of_signs() {
    for secret in ["swordfish", "20240131", "p@ss,w0rd!", "a&b)c;d", "Tr0ub4dor&3", "pässwört", "$ecret", "x'y'z"] {
        masks("user=bob password=@@ ip=10.0.0.1", secret, "password");
    }
    masks("\"password\": \"@@\"", "correct horse battery staple", "password");
    masks("\"password\": \"@@\", \"user\": \"bob\"", "say \\\"friend\\\" loudly", "password");
}

#[test]
fn values_that_are_no_secret_stay_whatever_their_name() {
    for text in [
        "token=expired",
        "password=****",
        "password=********** user=bob",
        "key=user_id",
        "token: null",
        "tokens=512",
        "password: required",
        "secret_name=db-creds",
        "secret: db-creds",
        "invalid password for user bob",
        "pwd=/home/bob",
        "PWD=/var/lib/app OLDPWD=/",
        "Failed password for root from 1.2.3.4 port 22 ssh2",
        "Failed password for invalid user admin from 1.2.3.4",
        "password= user=bob",
        "password=\"\"",
        "password=${DB_PASSWORD}",
        "password=$DB_PASSWORD",
        "password={{ vault_password }}",
        "password=<password>",
        "password=[FILTERED]",
        "WHERE name = :name AND password = :password",
        "password=getPassword()",
        "secret=os.environ[\"SECRET\"]",
        "password: str",
        "password: must be at least 8 characters",
        "{\"errors\":{\"password\":\"is too short\"}}",
        "token_type=bearer expires_in=3600",
        "max_tokens=4096 prompt_tokens: 1200 total_tokens=5000",
        "token=1700",
        "next_token=abc123def456",
        "Unexpected token '<', \"<html>\" is not valid JSON",
        "unexpected token: identifier",
        "Token::new() and Secret::default()",
        "password_file=/run/secrets/db",
        "token=https://auth.example.com/oauth",
        "primary key (id), foreign key: user_id",
        "key_id=1234567890abcdef",
        "secret \"db-creds\" not found",
        "pass: 12, fail: 0",
        "first pass: scanning",
        "auth=ok author=bob authority=ca1",
        "Bearer token expired",
        "basic auth is required; Basic authentication failed",
        "Authorization: Bearer <token>",
        "authorization: required",
        "password is incorrect",
        "apiKey: undefined",
        "compass=north bypass=true",
        "passwords=3",
    ] {
        stays(text);
    }
}

#[test]
fn authorization_headers_keep_their_scheme() {
    let basic = encode(b"bob:hunter2");
    masks("Authorization: Basic @@", &basic, "basic_auth");
    masks("authorization=Basic%20@@", &basic, "basic_auth");
    masks("\"Authorization\": \"Basic @@\"", &basic, "basic_auth");
    masks("got Basic @@ from proxy", &basic, "basic_auth");
    for token in ["abcdefgh", &alphanumeric(40), &hex(32)] {
        masks("Authorization: Bearer @@", token, "bearer");
        masks("{\"authorization\":\"Bearer @@\"}", token, "bearer");
        masks("Authorization%3A+Bearer+@@", token, "bearer");
    }
    masks("curl -H 'Authorization: Token @@' https://api.example.com/", &hex(40), "bearer");
    masks("Proxy-Authorization: @@", &alphanumeric(32), "bearer");
    masks("sent bearer @@ to api", &alphanumeric(32), "bearer");
    masks("Authorization: Bearer @@", &jwt(), "jwt");
}

#[test]
fn addresses_keep_their_user_and_host() {
    for text in [
        "postgres://app:@@@db1:5432/shop",
        "DATABASE_URL=postgresql+psycopg://app:@@@db1/shop?sslmode=require",
        "redis://:@@@cache:6379/0",
        "cloning https://bob:@@@git.example.com/x.git failed",
        "\"url\":\"amqp:\\/\\/guest:@@@mq\\/vhost\"",
        "see <https://bob:@@@host>",
    ] {
        masks(text, "hunter2", "url_credentials");
    }
    masks("url=postgres%3A%2F%2Fapp%3A@@%40db1%2Fshop", "hunter2", "url_credentials");
    for secret in ["p@ss", "a/b", "w?x#y", "%40enc", "12345678"] {
        masks("postgres://app:@@@db1/shop", secret, "url_credentials");
    }
    masks("https://@@@git.example.com/x.git", &hex(40), "url_credentials");
    for text in [
        "https://example.com:8080/path@2",
        "https://example.com/users/@bob",
        "http://host:80/?to=bob@example.com",
        "postgres://app:****@db1/shop",
        "postgres://app:${PASSWORD}@db1/shop",
        "postgres://app@db1/shop",
        "ssh://git@github.com/x/y",
        "C:\\dir http:// x://:@",
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
fn passwords_on_known_command_lines_are_masked() {
    masks("$ mysql -u root -p@@ shop", "hunter2", "password");
    masks("mysqldump -uroot -p'@@' shop | gzip", "hunter2", "password");
    masks("sshpass -p @@ ssh bob@host", "hunter2", "password");
    masks("curl -s -u bob:@@ https://api.example.com", "hunter2", "basic_auth");
    masks("redis-cli -h cache -a @@ ping", "hunter2", "password");
    for text in [
        "mysql -P3306 -p shop",
        "mysql connected -- pid 3",
        "curl -u bob https://x",
        "ps -paux; grep -p x",
        "mkdir -p /srv/mysql",
    ] {
        stays(text);
    }
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

#[test]
fn an_aws_secret_key_is_known_by_its_name_and_length() {
    let key = format!("{}/{}", alphanumeric(20), alphanumeric(19));
    for text in
        ["aws_secret_access_key = @@", "AWS_SECRET_ACCESS_KEY=@@", "\"secretAccessKey\": \"@@\"", "SecretAccessKey: @@"]
    {
        masks(text, &key, "aws_secret_key");
    }
}

#[test]
fn names_that_often_hold_secrets_need_a_random_value() {
    for name in ["encryption_key", "credentials", "signature", "X-Amz-Signature", "JSESSIONID", "sig", "AccountKey"] {
        masks(&format!("{name}=@@"), &alphanumeric(32), "generic_secret");
        stays(&format!("{name}=standard"));
        stays(&format!("{name}=12"));
    }
}

#[test]
fn several_secrets_in_one_text_are_counted_by_kind() {
    let text = format!("password=hunter2 token=abc123def jwt={} postgres://a:b4c@d/e", jwt());
    let counted = counts(&text);
    assert_eq!(counted.get(&SecretKind::Password), Some(&2));
    assert_eq!(counted.get(&SecretKind::Jwt), Some(&1));
    assert_eq!(counted.get(&SecretKind::UrlCredentials), Some(&1));
    assert!(!redact(&text).as_str().contains("hunter2"));
}

#[test]
fn a_mask_in_front_of_a_secret_does_not_hide_it() {
    assert_eq!(redact("password=[REDACTED:password]hunter2").as_str(), "password=[REDACTED:password]");
    assert_eq!(redact("[REDACTED:card] password=hunter2").as_str(), "[REDACTED:card] password=[REDACTED:password]");
    assert_eq!(redact("password=[REDACTED:nonsense").as_str(), "password=[REDACTED:password]");
}

#[test]
fn json_is_masked_in_its_strings_and_under_its_names() {
    let card = ["4111", "1111", "1111", "1111"].concat().parse::<u64>().expect("digits");
    let value = json!({
        "message": "login with password=hunter2 failed",
        "password": "swordfish",
        "pin_password": 123456,
        "token": "expired",
        "tokens": 512,
        "api_key": null,
        "credentials": {"user": "bob", "password": "letmein", "ttl": 60},
        "passwords": ["a", "b"],
        "new_password": ["one1two", "three3"],
        "env": [{"name": "DB_PASSWORD", "value": "swordfish"}, {"name": "DB_HOST", "value": "db1"}],
        "headers": {"Authorization": "Bearer abcdefgh", "Accept": "text/html"},
        "card": card,
        "order_id": card,
        "postgres://app:hunter2@db1/shop": "down",
        "nested": [[{"secret": {"value": "swordfish"}}]],
    });
    let expected = json!({
        "message": "login with password=[REDACTED:password] failed",
        "password": "[REDACTED:password]",
        "pin_password": "[REDACTED:password]",
        "token": "expired",
        "tokens": 512,
        "api_key": null,
        "credentials": {"user": "bob", "password": "[REDACTED:password]", "ttl": 60},
        "passwords": ["a", "b"],
        "new_password": ["[REDACTED:password]", "[REDACTED:password]"],
        "env": [{"name": "DB_PASSWORD", "value": "[REDACTED:password]"}, {"name": "DB_HOST", "value": "db1"}],
        "headers": {"Authorization": "Bearer [REDACTED:bearer]", "Accept": "text/html"},
        "card": "[REDACTED:card]",
        "order_id": card,
        "postgres://app:[REDACTED:url_credentials]@db1/shop": "down",
        "nested": [[{"secret": {"value": "[REDACTED:password]"}}]],
    });
    assert_eq!(redact_json(&value), expected);
    assert_eq!(redact_json(&expected), expected);
}

#[test]
fn json_nested_deeper_than_the_stack_bears_is_cut_and_names_that_collide_are_kept_apart() {
    let mut deep = json!("password=hunter2");
    for _ in 0..1_000 {
        deep = serde_json::Value::Array(vec![deep]);
    }
    assert!(!redact_json(&deep).to_string().contains("hunter2"));
    let twins = json!({"redis://:one1@c": 1, "redis://:two2@c": 2});
    assert_eq!(
        redact_json(&twins),
        json!({"redis://:[REDACTED:url_credentials]@c": 1, "redis://:[REDACTED:url_credentials]@c 2": 2})
    );
}

/// Pieces that mean something to one judge or another, to be thrown together at random.
const PIECES: &[&str] = &[
    "password",
    "token",
    "=",
    ":",
    " ",
    "\"",
    "\\\"",
    "'",
    "%3D",
    "%22",
    "hunter2",
    "abc123def456",
    "[REDACTED:password]",
    "[REDACTED:",
    "]",
    "://",
    "user:",
    "@",
    "host",
    "/",
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "\n",
    "\\n",
    "Bearer ",
    "Basic ",
    "Authorization",
    "eyJhbGciOiJIUzI1NiJ9",
    ".",
    "AKIA",
    "ABCDEFGHIJKLMNOP",
    "4111111111111111",
    "cGFzc3dvcmQ9aHVudGVyMg",
    ",",
    ";",
    "&",
    "(",
    ")",
    "<",
    ">",
    "é",
    "\u{1f511}",
    "-p",
    "mysql ",
    "curl -u ",
    "sk-",
    "\\",
    "%",
    "value",
    "name",
    "is ",
    "\u{0}",
    "\r\n\r\n",
    "hooks.slack.com/services/",
    "T00000000",
    "+",
    "0",
];

#[test]
fn redacting_twice_is_redacting_once_for_any_mixture() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound as u64) as usize
    };
    for _ in 0..20_000 {
        let text: String = (0..1 + next(14)).map(|_| PIECES[next(PIECES.len())]).collect();
        let once = redact(&text);
        assert_eq!(redact(once.as_str()), once, "{text:?}");
    }
}

#[test]
fn text_made_to_be_slow_is_finished_all_the_same() {
    // No clock: what is quadratic in any of these would take many minutes here and not be overlooked.
    let patterns = [
        "password=",
        "password='",
        "password=\\\"",
        "token: ",
        "://",
        "a://b:c",
        "a://b:c@",
        "-----BEGIN PRIVATE KEY-----",
        "sk-",
        "eyJ",
        "eyJhbGciOiJIUzI1NiJ9.",
        "xoxb-",
        "4111 ",
        "41111111",
        "cGFzc3dvcmQ9",
        "mysql -u ",
        "\\",
        "%25",
        "&",
        "basic ",
        "Authorization: ",
        "[REDACTED:",
        "key,",
        "name\n",
        "<password>",
        "a,",
        "AKIA",
        "-",
    ];
    for pattern in patterns {
        let text = pattern.repeat(192 * 1024 / pattern.len());
        let masked = redact(&text);
        assert!(masked.as_str().len() <= text.len() * 8, "{pattern:?}");
    }
}
