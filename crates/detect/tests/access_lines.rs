//! A web server's lines about one path are of one template, whoever visits.

use foghorn_detect::header;
use foghorn_detect::template::Miner;
use std::collections::HashSet;

#[test]
fn the_server_errors_of_one_path_are_one_template_whatever_the_browser_is_called() {
    let visitors = [
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
        "curl/8.5.0",
        "-",
        "kube-probe/1.29",
        "Some Crawler of the Better Web (+https://crawler.example/about us)",
    ];
    let referers = ["-", "https://shop.example/cart", "https://search.example/?q=cheap shoes"];
    let fronts = ["", "<190>Jan  2 03:04:05 web-1 nginx: "];
    for front in fronts {
        let (mut miner, mut templates) = (Miner::new(), HashSet::new());
        for visitor in visitors {
            for (number, referer) in referers.iter().enumerate() {
                let line = format!(
                    "{front}10.0.{number}.7 - - [02/Jan/2026:03:04:0{number} +0000] \"GET /checkout/pay HTTP/1.1\" 503 {number}12 \"{referer}\" \"{visitor}\" 0.0{number}"
                );
                templates.insert(miner.learn(&header::parse(&line).message).birth_key.to_string());
            }
        }
        assert_eq!(templates.len(), 1, "{front:?}: {templates:?}");
    }
}
