use super::*;
use foghorn_domain::clock::SignedDuration;
use std::path::PathBuf;

fn sources(file: Option<PathBuf>, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Sources {
    let owned = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    Sources { file, environment: owned(environment), flags: owned(flags) }
}

fn from_environment(environment: &[(&str, &str)]) -> Result<Config, String> {
    Config::load(&sources(None, environment, &[])).map_err(|errors| errors.to_string())
}

fn written(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn the_defaults_are_a_whole_configuration() {
    let config = from_environment(&[]).unwrap();
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(config.storage.max_age, SignedDuration::from_hours(14 * 24));
    assert_eq!(config.storage.max_bytes, 5_000_000_000);
    assert_eq!(config.intake.max_body_bytes, 10 * 1024 * 1024);
    assert_eq!(format!("{:?}", config.incidents.policy), format!("{:?}", foghorn_domain::lifecycle::Policy::default()));
    assert!(config.http.api_token.is_none() && config.intake.key.is_none() && config.warnings.is_empty());
}

#[test]
fn each_layer_wins_over_the_one_below() {
    let file = written("[log]\nlevel = \"debug\"\n[store]\nmax_age = \"1d\"\n[detection]\nmin_score = 0.5\n");
    let config = Config::load(&sources(
        Some(file.path().to_owned()),
        &[("FOGHORN_STORE__MAX_AGE", "2d"), ("MIN_DETECTION_SCORE", "0.6")],
        &[("detection.min_score", "0.7")],
    ))
    .unwrap();
    assert_eq!(config.log.level, tracing::Level::DEBUG);
    assert_eq!(config.storage.max_age, SignedDuration::from_hours(48));
    assert_eq!(config.detection.min_score, 0.7);

    let named = file.path().display().to_string();
    assert_eq!(from_environment(&[("FOGHORN_CONFIG", &named)]).unwrap().log.level, tracing::Level::DEBUG);
}

#[test]
fn every_key_can_be_set_by_its_name_in_the_environment() {
    for key in keys::keys().iter().filter(|key| !key.default.is_empty()) {
        let config = from_environment(&[(&key.environment, &key.default)]).unwrap();
        let said = config.effective.lines().find(|line| line.contains(&key.environment));
        assert!(said.is_some(), "{} is not heard", key.environment);
        if let Some(alias) = key.environment_alias {
            assert!(
                from_environment(&[(alias, &key.default)]).unwrap().effective.lines().any(|line| line.contains(alias))
            );
        }
    }
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    let config = from_environment(&[("FOGHORN_API_TOKEN", ""), ("LOG_LEVEL", ""), ("FOGHORN_CONFIG", "")]).unwrap();
    assert!(config.http.api_token.is_none());
}

#[test]
fn of_two_names_for_a_key_the_systematic_one_counts_and_the_other_is_mentioned() {
    let config =
        from_environment(&[("FOGHORN_LISTEN", "127.0.0.1:1"), ("FOGHORN_HTTP__LISTEN", "127.0.0.1:2")]).unwrap();
    assert_eq!(config.http.listen.port(), 2);
    assert_eq!(config.warnings, ["FOGHORN_LISTEN and FOGHORN_HTTP__LISTEN differ; FOGHORN_HTTP__LISTEN counts"]);
}

#[test]
fn a_fault_names_key_value_place_and_remedy() {
    let check = |environment: &[(&str, &str)], expected: &str| {
        assert_eq!(from_environment(environment).unwrap_err(), format!("configuration: {expected}"));
    };
    check(
        &[("FOGHORN_STORE__MAX_AGE", "14")],
        r#"store.max_age = "14" (FOGHORN_STORE__MAX_AGE): write a duration such as "500ms", "45s", "30m", "24h" or "14d""#,
    );
    check(
        &[("MIN_DETECTION_SCORE", "high")],
        r#"detection.min_score = "high" (MIN_DETECTION_SCORE): write a number from 0 to 1, such as 0.3"#,
    );
    check(
        &[("FOGHORN_INTAKE__MAX_BODY_BITES", "1")],
        "unknown key intake.max_body_bites (FOGHORN_INTAKE__MAX_BODY_BITES); did you mean intake.max_body_bytes?",
    );
    check(
        &[("FOGHORN_API_TOKEN", "top secret")],
        "http.api_token = (secret) (FOGHORN_API_TOKEN): use letters, digits and - _ . ~ + = only, for instance what \
         `openssl rand -hex 32` prints",
    );
    check(
        &[("FOGHORN_PUBLIC_URL", "ftp://ana:hunter2@x")],
        r#"http.public_url = "ftp://ana:***@x" (FOGHORN_PUBLIC_URL): write an address such as "https://foghorn.example.org""#,
    );
    check(
        &[("FOGHORN_LOG__LEVEL", "loud")],
        r#"log.level = "loud" (FOGHORN_LOG__LEVEL): write error, warn, info, debug or trace"#,
    );
}

#[test]
fn a_fault_in_a_file_names_its_line_and_every_concern_reports_its_own() {
    let file = written("[http]\nlisten = 80\n\n[intake]\nopen = \"perhaps\"\n");
    let name = file.path().display().to_string();
    let errors = Config::load(&sources(Some(file.path().to_owned()), &[], &[])).unwrap_err().to_string();
    assert!(errors.contains(&format!("http.listen = \"80\" ({name} line 2): ")), "{errors}");
    assert!(errors.contains(&format!("intake.open = \"perhaps\" ({name} line 5): write true or false")), "{errors}");

    let file = written("[storage]\npath = \"x\"\n");
    let errors = Config::load(&sources(Some(file.path().to_owned()), &[], &[])).unwrap_err().to_string();
    assert!(errors.contains("unknown key storage.path") && errors.contains("line 2"), "{errors}");

    let missing = Config::load(&sources(Some("/nowhere/foghorn.toml".into()), &[], &[])).unwrap_err().to_string();
    assert!(missing.contains("cannot read the configuration file /nowhere/foghorn.toml"), "{missing}");
}

#[test]
fn other_machines_may_call_only_where_a_token_is_set() {
    let check = |environment: &[(&str, &str)], is_allowed: bool| {
        assert_eq!(from_environment(environment).is_ok(), is_allowed, "{environment:?}");
    };
    check(&[("FOGHORN_LISTEN", "0.0.0.0:8000")], false);
    check(&[("FOGHORN_LISTEN", "[::]:8000")], false);
    check(&[("FOGHORN_LISTEN", "[::1]:8000")], true);
    check(&[("FOGHORN_LISTEN", "0.0.0.0:8000"), ("FOGHORN_API_TOKEN", LONG)], true);
    check(&[("FOGHORN_HTTP__REQUIRE_TOKEN", "true")], false);
    let error = from_environment(&[("FOGHORN_LISTEN", "0.0.0.0:8000")]).unwrap_err();
    assert!(error.contains("FOGHORN_API_TOKEN"), "{error}");
}

/// Sixteen characters.
const LONG: &str = "0123456789abcdef";

#[test]
fn some_of_the_roles_need_a_database_that_several_processes_can_share() {
    let check = |environment: &[(&str, &str)], refused: bool| {
        let error = from_environment(environment).err();
        let names_both = |text: &String| text.contains("process.roles") && text.contains("DATABASE_URL");
        assert_eq!(error.as_ref().is_some_and(names_both), refused, "{environment:?}: {error:?}");
        assert_eq!(error.is_some(), refused);
    };
    let database = ("DATABASE_URL", "postgresql://foghorn@127.0.0.1/foghorn");
    check(&[("FOGHORN_ROLES", "triage")], true);
    check(&[("FOGHORN_ROLES", "triage"), database], false);
    check(&[("FOGHORN_ROLES", "web,agent,triage,ingest")], false);
}

#[test]
fn where_others_can_try_a_token_or_key_that_can_be_guessed_is_refused() {
    let check = |environment: &[(&str, &str)], refused: Option<&str>| {
        let error = from_environment(environment).err();
        assert_eq!(error.is_some(), refused.is_some(), "{environment:?}: {error:?}");
        let names = |name| error.as_ref().is_some_and(|error| error.contains(name) && error.contains("openssl rand"));
        assert!(refused.is_none_or(|name| names(name) && names("16 characters")), "{error:?}");
    };
    let exposed = ("FOGHORN_LISTEN", "0.0.0.0:8000");
    let (short_token, token) = (("FOGHORN_API_TOKEN", &LONG[1..]), ("FOGHORN_API_TOKEN", LONG));
    let (short_key, key) = (("FOGHORN_INTAKE__KEY", &LONG[1..]), ("FOGHORN_INTAKE__KEY", LONG));
    check(&[exposed, short_token], Some("http.api_token"));
    check(&[exposed, token, short_key], Some("intake.key"));
    check(&[exposed, token, key], None);
    check(&[("FOGHORN_HTTP__REQUIRE_TOKEN", "true"), short_token], Some("http.api_token"));
    check(&[short_token, short_key], None);
}

#[test]
fn unknown_names_of_ours_are_mentioned_and_those_that_kubernetes_sets_are_not() {
    let names =
        [("FOGHORN_DATADIR", "/x"), ("FOGHORN_SERVICE_HOST", "10.0.0.1"), ("FOGHORN_PORT_80_TCP", "tcp://10.0.0.1:80")];
    let warnings = from_environment(&names).unwrap().warnings;
    assert!(warnings.len() == 1 && warnings[0].starts_with("FOGHORN_DATADIR is set"), "{warnings:?}");
}

#[test]
fn what_is_shown_holds_no_secret() {
    let config =
        from_environment(&[("FOGHORN_API_TOKEN", "hunter2"), ("FOGHORN_PUBLIC_URL", "https://u:hunter2@x")]).unwrap();
    let lines: Vec<String> = config.effective.lines().collect();
    let json = config.effective.json();
    for text in [lines.join("\n"), json.to_string(), format!("{config:?}").replace("https://u:hunter2@x", "")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert_eq!(json["http"]["api_token"], "SET");
    assert_eq!(json["intake"]["key"], "NOT SET");
    assert_eq!(json["detection"]["min_score"], 0.3);
    assert_eq!(json["analysis"]["playbooks"], serde_json::Value::Null);
    assert!(lines.iter().any(|line| line.starts_with("http.api_token") && line.ends_with("SET  (FOGHORN_API_TOKEN)")));
}
