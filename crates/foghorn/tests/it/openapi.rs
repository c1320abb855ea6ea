//! The interface as the OpenAPI document says it, snapshotted: a change of it is seen in review.

#[test]
fn the_document_is_as_it_was_reviewed() {
    let mut document = serde_json::to_value(foghorn_web::openapi()).unwrap();
    document["info"]["version"] = "0".into();
    insta::assert_json_snapshot!(document);
}
