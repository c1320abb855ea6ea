use super::*;

fn document(service: &str, text: &str, vector: [f32; 2]) -> Document {
    Document { service: service.to_owned(), text: text.to_owned(), vector: Some(vector.to_vec()) }
}

fn memory() -> Recall {
    let mut recall = Recall::new(2);
    recall.put(10, &document("checkout", "pool exhausted under load", [1.0, 0.0])).unwrap();
    recall.put(11, &document("mail", "certificate expired", [0.0, 1.0])).unwrap();
    recall
}

fn found(recall: &Recall, query: Query<'_>) -> Vec<Found> {
    recall.search(&query, 5, |_| Some(1.0)).unwrap().0
}

fn ids(recall: &Recall, text: &str, vector: Option<&[f32]>) -> Vec<i64> {
    found(recall, Query { text, vector, ..Query::default() }).into_iter().map(|found| found.id).collect()
}

#[test]
fn meaning_finds_what_shares_no_word_and_words_find_it_without_a_model() {
    let recall = memory();
    assert_eq!(ids(&recall, "no free connections", Some(&[0.9, 0.1])), [10]);
    assert_eq!(ids(&recall, "certificate expired", None), [11]);
    assert_eq!(ids(&recall, "nothing alike", None), Vec::<i64>::new());
}

#[test]
fn a_named_service_counts() {
    let recall = memory();
    let query = Query { text: "mail is broken", vector: Some(&[0.7, 0.7]), ..Query::default() };
    assert_eq!(found(&recall, query)[0].id, 11);
    let query = Query { text: "is broken", service: Some("Checkout"), ..query };
    assert_eq!(found(&recall, query)[0].id, 10);
    assert!(!names_word("mailbox is broken", "mail"));
}

#[test]
fn near_duplicates_do_not_crowd_out_the_rest_and_what_is_removed_is_gone() {
    let mut recall = memory();
    recall.put(12, &document("checkout", "pool exhausted under load", [1.0, 0.0])).unwrap();
    let both = ids(&recall, "pool exhausted and certificate expired", Some(&[0.8, 0.6]));
    // Of two that are equally alike the newer one is shown.
    assert_eq!(both, [12, 11]);
    recall.remove(10);
    recall.put(12, &document("mail", "other", [0.0, 1.0])).unwrap();
    assert!(!ids(&recall, "pool exhausted", Some(&[1.0, 0.0])).contains(&10));
    assert_eq!(recall.len(), 2);
}

#[test]
fn weights_of_documents_change_the_order_and_not_what_is_found() {
    let mut recall = memory();
    recall.put(12, &document("checkout", "pool exhausted under load", [0.8, 0.6])).unwrap();
    let query = Query { text: "pool exhausted", vector: Some(&[1.0, 0.2]), ..Query::default() };
    let order = |weight: f32| -> Vec<i64> {
        let weigh = |id| Some(if id == 10 { weight } else { 1.0 });
        recall.search(&query, 5, weigh).unwrap().0.into_iter().map(|found| found.id).collect()
    };
    assert_eq!(order(1.0), [10, 12]);
    assert_eq!(order(0.5), [12, 10]);
    let (others, _) = recall.search(&query, 5, |id| (id != 10).then_some(1.0)).unwrap();
    assert!(others.iter().all(|found| found.id != 10));
}

#[test]
fn a_list_of_documents_is_searched_whole_and_nothing_else() {
    let mut recall = Recall::new(2);
    for id in 0..1_000 {
        recall.put(id, &document("checkout", "pool exhausted", [1.0, id as f32 / 2_000.0])).unwrap();
    }
    recall.put(5_000, &document("mail", "certificate", [0.3, 0.9])).unwrap();
    let query = Query { text: "pool exhausted", vector: Some(&[1.0, 0.1]), threshold: Some(0.0), ..Query::default() };
    assert!(found(&recall, query).iter().all(|found| found.id != 5_000));
    let only = found(&recall, Query { only: Some(&[5_000, 9_999]), ..query });
    assert_eq!(only.iter().map(|found| found.id).collect::<Vec<_>>(), [5_000]);
}

#[test]
fn a_vector_that_does_not_fit_is_refused_and_the_words_can_be_put_alone() {
    let mut recall = memory();
    let wrong = Document { vector: Some(vec![1.0; 3]), ..document("mail", "queue stuck", [0.0, 1.0]) };
    assert!(recall.put(12, &wrong).is_err());
    assert_eq!(recall.len(), 2);
    recall.put(12, &Document { vector: None, ..wrong }).unwrap();
    assert_eq!(ids(&recall, "queue stuck", None), [12]);
    // Beside a model, too: its words are enough.
    assert!(ids(&recall, "mail queue stuck", Some(&[0.0, -1.0])).contains(&12));
}

#[test]
fn ten_thousand_changes_of_one_document_take_no_more_room_than_one() {
    let mut recall = memory();
    for change in 0..10_000 {
        recall.put(11, &document("mail", &format!("certificate expired {change}"), [0.0, 1.0])).unwrap();
    }
    assert!(recall.documents.len() <= LOOSE + 5, "{}", recall.documents.len());
    assert_eq!(ids(&recall, "certificate expired 9999", Some(&[0.0, 1.0]))[0], 11);
    assert_eq!(ids(&recall, "pool exhausted", None), [10]);
    // The same text with another vector is not read again.
    let before = recall.documents.len();
    recall.put(10, &document("checkout", "pool exhausted under load", [0.6, 0.8])).unwrap();
    assert_eq!(recall.documents.len(), before);
}
