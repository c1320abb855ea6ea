//! Secrets that are known by their names.

use super::super::base64::encode;
use super::{alphanumeric, hex, masks, stays};

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
        "Server=db;User Id=sa;Password=@@;Encrypt=true",
        "password[]=@@",
        "config[\"password\"] = \"@@\"",
        "config.setPassword(\"@@\")",
        "<add key=\"DbPassword\" value=\"@@\" />",
        "<property name=\"password\" value=\"@@\"/>",
        "<Password type=\"text\">@@</Password>",
        "password: |\n  @@\nuser: bob",
        "\"password\":\n    \"@@\"",
        "-Djavax.net.ssl.trustStorePassword=@@ -Xmx1g",
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
    for secret in [
        "swordfish",
        "20240131",
        "p@ss,w0rd!",
        "a&b)c;d",
        "Tr0ub4dor&3",
        "pässwört",
        "$ecret",
        "x'y'z",
        "yourStrong(!)Password",
        "password",
    ] {
        masks("user=bob password=@@ ip=10.0.0.1", secret, "password");
    }
    masks("password: '@@'", "it''s", "password");
    masks("{\"password\":\"@@\"}", "p", "password");
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
        "token=Token{a64f992 ActivityRecord",
        "Bad activity token: android.os.BinderProxy@2bd79ce",
        "Access denied for user 'root'@'localhost' (using password: YES)",
        "{\"field\":\"password\",\"message\":\"must not be blank\"}",
        "`password` varchar(255) DEFAULT NULL,",
        "fn login(password: &str) -> Token {",
        "const password = req.body.password;",
        "password: !vault |",
        "SecretManager of kind: default, secret: my-app-tls",
        "session_id=38afes7a8 nonce=8f14e45f",
        "commit=9fceb02d0ae598e95dc970b74767f19372d61af8",
        "name,token,count",
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
    for name in
        ["encryption_key", "credentials", "auth", "signature", "X-Amz-Signature", "JSESSIONID", "sig", "AccountKey"]
    {
        masks(&format!("{name}=@@"), &alphanumeric(32), "generic_secret");
        stays(&format!("{name}=standard"));
        stays(&format!("{name}=12"));
    }
    masks("encryptionKey=@@", &hex(32), "generic_secret");
    masks("{\"auth\":\"@@\"}", "bob:hunter2", "generic_secret");
    masks("//registry.example.com/:_auth=@@", &encode(b"bob:hunter2"), "basic_auth");
    stays("author: bob, authority=ca1, auth: method");
}

#[test]
fn a_token_needs_to_look_like_one() {
    for token in ["abc123", "4f9e8d7c6b5a", "FwoGZXIvYXdzEJr", "550e8400-e29b-41d4-a716-446655440000"] {
        masks("token=@@", token, "password");
    }
    masks("session_token: @@", &"abcdefghij".repeat(3), "password");
    for word in ["swordfish", "IDENTIFIER", "worker-01", "12345", "v1.2.3", "30s", "0x7f"] {
        stays(&format!("token={word}"));
    }
}
