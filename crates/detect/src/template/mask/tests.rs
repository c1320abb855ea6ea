use super::*;

#[test]
fn what_varies_is_masked_and_what_the_author_wrote_stays() {
    let check = |line: &str, expected: &str| assert_eq!(mask(line).text(), expected, "{line}");
    check("took 35ms for 12 rows", "took <*> for <*> rows");
    check("block blk_-6952295868487656571 of 10.0.0.1:50010.", "block <*> of <*>.");
    check("request 7f3d2c1a-1111-4222-8333-abcdefabcdef done", "request <*> done");
    check("mac aa:bb:cc:dd:ee:ff, ip fe80::ab:cd", "mac <*>, ip <*>");
    check("see https://example.com/a?b=c#d, then /var/log/x y", "see <*>, then <*> y");
    check("GET /cart?id=7 HTTP/1.1", "GET <*>");
    check("\"GET /cart HTTP/1.1\" 200", "\"GET <*>\" <*>");
    check("mail to ana@example.com failed", "mail to <*> failed");
    check("state=RUNNING, next = STOPPED; logname= uid=0", "state=<*>, next = <*>; logname= uid=<*>");
    check("tag=\"View Lock\", ws=WorkSource{a b}, x", "tag=\"<*>\", ws=<*>, x");
    check("a == b and c != d", "a == b and c != d");
    check("ready: true (false)", "ready: <*> (<*>)");
    check("file 'a' is not 'a whole new sentence'", "file '<*>' is not 'a whole new sentence'");
    check("can't open it", "can't open it");
    check("parity error......................0", "parity error......................<*>");
    check("sizes [1, 2, 3] and [4]", "sizes [<*>] and [<*>]");
    check("took 35ms, 12 rows", "took <*> rows");
    check("datanodes 10.0.0.1:1 10.0.0.2:1 10.0.0.3:1 up", "datanodes <*> up");
    check("at Tue Jul  5 13:52:21 2005, at Thu Aug 04 15:29:45 PDT 2005", "at <*>, at <*>");
    check("May I ask? Sun is out", "May I ask? Sun is out");
    check("key 0|a|null|7", "key <*>|a|<*>");
    check("größe überschritten für Käse", "größe überschritten für Käse");
    check("facade deadbeef", "facade <*>");
    check("", "");
}

#[test]
fn words_that_may_be_names_are_known() {
    let check = |line: &str, expected: &[TokenKind]| {
        assert_eq!(mask(line).tokens().map(|token| token.kind).collect::<Vec<_>>(), expected, "{line}");
    };
    use TokenKind::{Name, Steady, Wild};
    check("user alice left", &[Steady, Name, Steady]);
    check("refused for root from 10.0.0.1", &[Steady, Steady, Name, Steady, Wild]);
    check("asked db.internal.example ()", &[Steady, Name, Wild]);
    check("java.lang.IllegalStateException: no", &[Steady, Steady]);
}

#[test]
fn hostile_text_is_masked_in_bounds() {
    for piece in [
        "=", "\"", "'", "a=", "(", "=(", "..", ".", "://", "a://", "::", "a:", "/", "\\", "é", "\u{0}", "<*>", "[",
        "Jan 1 ", "- ",
    ] {
        let line = piece.repeat(4096 / piece.len());
        let masked = mask(&line);
        assert!(masked.len() <= MAX_TOKENS && masked.text().len() <= 3 * line.len() + MAX_TOKENS, "{piece}");
    }
}
