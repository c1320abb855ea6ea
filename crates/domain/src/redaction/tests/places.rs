//! Secrets that are known by where they stand: headers, addresses, command lines.

use super::super::base64::encode;
use super::{alphanumeric, hex, jwt, masks, stays};

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
    masks("jdbc:oracle:thin:scott/@@@//db:1521/x", "tiger", "url_credentials");
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
fn passwords_on_known_command_lines_are_masked() {
    masks("$ mysql -u root -p@@ shop", "hunter2", "password");
    masks("mysqldump -uroot -p'@@' shop | gzip", "hunter2", "password");
    masks("sshpass -p @@ ssh bob@host", "hunter2", "password");
    masks("curl -s -u bob:@@ https://api.example.com", "hunter2", "basic_auth");
    masks("docker login -u bob -p @@ registry.example.com", "hunter2", "password");
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
