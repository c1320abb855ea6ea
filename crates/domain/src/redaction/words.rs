//! The words that names and values are judged by.

/// A list of words, parted by white space.
#[derive(Clone, Copy)]
pub(super) struct Words(&'static str);

impl Words {
    /// Whether the list has this word, in lower case.
    pub(super) fn have(self, word: &str) -> bool {
        self.0.split_ascii_whitespace().any(|listed| listed == word)
    }

    /// Whether the word ends in one of the list.
    pub(super) fn end(self, word: &str) -> bool {
        self.0.split_ascii_whitespace().any(|listed| word.ends_with(listed))
    }
}

/// Words of a name after the one that counts, which change nothing: `password_confirmation`,
/// `DB_PASSWORD_PROD`.
pub(super) const TRAILERS: Words = Words(
    "value val text plain plaintext raw str string confirm confirmation repeat again new old current b64 base64 env
     prod production dev staging test live primary secondary header",
);

/// How a password's name ends.
pub(super) const PASSWORDS: Words = Words("password passwd passphrase passwort passcode pwd");

/// What makes a `pass` a password: `db_pass`, `smtpPass`.
pub(super) const OWNERS: Words =
    Words("db user my root admin smtp mail redis ftp pg mysql ldap amqp http proxy keystore truststore");

/// What makes a `key` a secret one …
pub(super) const SECRET_KEYS: Words = Words("api secret client auth private");
pub(super) const JOINED_SECRET_KEYS: Words = Words("apikey secretkey clientkey authkey privatekey");

/// … and what makes it one if its value also looks so.
pub(super) const RANDOM_KEYS: Words = Words(
    "access account admin app application deploy encryption functions hmac integration license master root routing
     service session shared signing ssh storage subscription webhook",
);
pub(super) const JOINED_RANDOM_KEYS: Words =
    Words("accesskey accountkey masterkey encryptionkey signingkey sharedkey appkey sessid jsessionid");

/// What makes a `token` a place in a list or in a grammar.
pub(super) const CURSORS: Words = Words(
    "next page pagination continuation continue cursor sync cancel cancellation watch resume start end parse lexer
     unexpected last first max min num total prompt completion per nextpage nextsync",
);

/// Schemes of authentication: IANA's registry and the common private ones.
pub(super) const SCHEMES: Words = Words(
    "basic bearer digest token apikey api-key key negotiate ntlm oauth hawk googlelogin sso-key geniekey splunk
     signature aws4-hmac-sha256 hmac-sha256",
);

/// In which state a credential is, or that it is hidden.
pub(super) const STATES: Words = Words(
    "absent accepted bad blank changed configured created deleted denied disabled empty enabled encrypted error exists
     expired expires failed failure false filtered for found generated given has hidden ignored incorrect invalid is
     issued malformed masked mismatch missing must n/a nil no none not null off ok okay omitted on optional present
     prompt provided received redacted refreshed rejected removed renewed required reset revoked rotated sent set
     stored success true undefined unknown unset unspecified updated used valid verified was weak wrong yes",
);

/// What a value is called or of which type it is. People do choose some of these as passwords.
pub(super) const NOUNS: Words = Words(
    "access api auth authentication authorization basic bearer bool boolean bytes char credential credentials default
     digest id int integer json jwt key number object pass password refresh secret str string text token type user
     value varchar",
);

/// Verbs and measures of a sentence about a credential, which a passphrase hardly has.
pub(super) const VERBS: Words = Words(
    "are be been can can't cannot could did does has have is isn't least match must not should too was were will",
);

/// The last word of names whose numbers are no cards.
pub(super) const IDS: Words = Words(
    "id ids time timestamp ts nanos micros millis size bytes offset seq sequence block blk version count length port
     addr hash cursor",
);
