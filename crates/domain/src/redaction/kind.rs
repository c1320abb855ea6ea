//! The kinds of secrets there are, by the names that appear in masks and counts.

use serde::{Serialize, Serializer};
use std::fmt;

/// What kind of secret was masked.
///
/// Ordered from the most telling to the least: where two judges claim the same text, the lesser
/// variant names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SecretKind {
    /// A PEM block with a private key, whole or cut off.
    PrivateKey,
    /// An AWS access key id (`AKIA…`, `ASIA…`).
    AwsAccessKey,
    /// The 40 characters that go with an AWS access key id.
    AwsSecretKey,
    /// A Google API key (`AIza…`).
    GcpApiKey,
    /// A GitHub token (`ghp_…`, `github_pat_…`, …).
    GithubToken,
    /// A GitLab token (`glpat-…`, …).
    GitlabToken,
    /// A Slack token (`xoxb-…`, `xapp-…`, …).
    SlackToken,
    /// The secret path of a Slack webhook.
    SlackWebhook,
    /// A Stripe secret or restricted key, or a webhook signing secret.
    StripeKey,
    /// An Anthropic key (`sk-ant-…`).
    AnthropicKey,
    /// An OpenAI key or one in its manner (`sk-…`).
    OpenaiKey,
    /// An npm token.
    NpmToken,
    /// A PyPI token.
    PypiToken,
    /// A SendGrid key.
    SendgridKey,
    /// A Twilio API key.
    TwilioKey,
    /// A key of another vendor that is known by its prefix.
    VendorToken,
    /// A JSON Web Token.
    Jwt,
    /// A payment card number.
    Card,
    /// The credentials of an `Authorization: Basic` header, or what `curl -u` is given.
    BasicAuth,
    /// The token of an `Authorization` header of another scheme.
    Bearer,
    /// The password in `scheme://user:password@host`.
    UrlCredentials,
    /// A value named password, secret, token, API key or the like.
    Password,
    /// A random-looking value under a name that often, not always, holds a secret.
    GenericSecret,
}

impl SecretKind {
    /// Every kind.
    pub const ALL: [Self; 23] = [
        Self::PrivateKey,
        Self::AwsAccessKey,
        Self::AwsSecretKey,
        Self::GcpApiKey,
        Self::GithubToken,
        Self::GitlabToken,
        Self::SlackToken,
        Self::SlackWebhook,
        Self::StripeKey,
        Self::AnthropicKey,
        Self::OpenaiKey,
        Self::NpmToken,
        Self::PypiToken,
        Self::SendgridKey,
        Self::TwilioKey,
        Self::VendorToken,
        Self::Jwt,
        Self::Card,
        Self::BasicAuth,
        Self::Bearer,
        Self::UrlCredentials,
        Self::Password,
        Self::GenericSecret,
    ];

    /// The name in masks, counts and metrics: lower case with underscores, never changed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PrivateKey => "private_key",
            Self::AwsAccessKey => "aws_access_key",
            Self::AwsSecretKey => "aws_secret_key",
            Self::GcpApiKey => "gcp_api_key",
            Self::GithubToken => "github_token",
            Self::GitlabToken => "gitlab_token",
            Self::SlackToken => "slack_token",
            Self::SlackWebhook => "slack_webhook",
            Self::StripeKey => "stripe_key",
            Self::AnthropicKey => "anthropic_key",
            Self::OpenaiKey => "openai_key",
            Self::NpmToken => "npm_token",
            Self::PypiToken => "pypi_token",
            Self::SendgridKey => "sendgrid_key",
            Self::TwilioKey => "twilio_key",
            Self::VendorToken => "vendor_token",
            Self::Jwt => "jwt",
            Self::Card => "card",
            Self::BasicAuth => "basic_auth",
            Self::Bearer => "bearer",
            Self::UrlCredentials => "url_credentials",
            Self::Password => "password",
            Self::GenericSecret => "generic_secret",
        }
    }

    /// The reverse of [`SecretKind::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for SecretKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for SecretKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
