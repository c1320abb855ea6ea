//! Token ids against those of the Hugging Face tokenizers library, version 0.23.3, with the same file.

use super::Tokenizer;

fn minilm() -> Tokenizer {
    Tokenizer::parse(include_bytes!("../../model/tokenizer.json")).unwrap()
}

#[test]
fn texts_are_cut_as_the_reference_library_cuts_them() {
    let tokenizer = minilm();
    for (text, expected) in CASES {
        let tokens = tokenizer.encode(text, 256);
        let [start, end] = tokenizer.marks();
        assert_eq!((tokens.first(), tokens.last()), (Some(&start), Some(&end)));
        assert_eq!(&tokens[1..tokens.len() - 1], *expected, "{text:?}");
    }
}

#[test]
fn marks_spelled_in_a_text_stay_text() {
    let tokenizer = minilm();
    let tokens = tokenizer.encode("[SEP] [CLS] [PAD]", 256);
    assert_eq!(tokens.iter().filter(|&&token| tokenizer.marks().contains(&token)).count(), 2, "{tokens:?}");
}

#[test]
fn no_text_has_more_tokens_than_the_limit() {
    let tokenizer = minilm();
    let long = "unbelievable ".repeat(1_000);
    for limit in [2, 3, 4, 255, 256, 257] {
        let tokens = tokenizer.encode(&long, limit);
        assert_eq!(tokens.len(), limit);
        assert_eq!(tokens.last(), Some(&tokenizer.marks()[1]));
        assert_eq!(tokens[..limit - 1], tokenizer.encode(&long, 300)[..limit - 1]);
    }
    assert_eq!(tokenizer.encode(&long, 0), tokenizer.marks());
}

#[test]
fn a_tokenizer_with_other_rules_follows_them() {
    let file = r#"{"model":{"type":"WordPiece","vocab":{"[UNK]":0,"[CLS]":1,"[SEP]":2,"É":3,"e":4,"永永":5}},
        "normalizer":{"type":"BertNormalizer","lowercase":false,"handle_chinese_chars":false},
        "pre_tokenizer":{"type":"BertPreTokenizer"}}"#;
    let tokenizer = Tokenizer::parse(file.as_bytes()).unwrap();
    assert_eq!(tokenizer.encode("É é e 永永 永", 256), [1, 3, 0, 4, 5, 0, 2]);
}

#[rustfmt::skip]
const CASES: &[(&str, &[u32])] = &[
    ("", &[]),
    ("Disk FULL", &[9785, 2440]),
    ("a-b_c 10.0.12.7:8080", &[1037, 1011, 1038, 1035, 1039, 2184, 1012, 1014, 1012, 2260, 1012, 1021, 1024, 3770, 17914]),
    ("unaffable pneumonoultramicroscopic", &[14477, 20961, 3468, 1052, 2638, 2819, 17175, 11314, 6444, 2594, 7352, 26461]),
    ("Échec à l'été", &[14925, 5369, 2278, 1037, 1048, 1005, 3802, 2063]),
    ("İstanbul straße ẞ", &[9960, 2358, 27807, 1096]),
    ("支付服务 a超时b", &[100, 100, 100, 100, 1037, 100, 100, 1038]),
    ("서버 ありがとう", &[1461, 30008, 29996, 30008, 1646, 30212, 30177, 30192, 30174]),
    ("x\u{0}y\u{7}\u{200b}z\u{fffd}\u{ad}", &[1060, 2100, 2480]),
    ("tab\u{9}line\u{d}\u{a}next\u{a0}blank\u{3000}wide\u{2028}end", &[21628, 2240, 2279, 8744, 2898, 2203]),
    ("“quoted” — … ¿qué?", &[1523, 9339, 1524, 1517, 1529, 1094, 10861, 1029]),
    ("🔥 fire👩\u{200d}💻", &[100, 100]),
    ("e\u{301} ệ \u{212b} ﬁn Ω", &[1041, 1041, 1037, 1984, 2078, 1179]),
    ("kubelet##ing ##", &[13970, 8671, 3388, 1001, 1001, 13749, 1001, 1001]),
    ("\u{e000}private\u{202e}override", &[2797, 7840, 15637]),
    ("don't $5 100% a+b=c", &[2123, 1005, 1056, 1002, 1019, 2531, 1003, 1037, 1009, 1038, 1027, 1039]),
    // A word of 101 characters is not looked at; one of 100 is.
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", &[22038, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348, 20348]),
    ("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", &[100]),
];
