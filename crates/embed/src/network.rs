//! Tokens → vector: the one file that knows the model runtime.
//!
//! The network gives a vector for each token; their mean, scaled to length one, stands for the text
//! (Reimers and Gurevych, "Sentence-BERT", 2019). A network that pools by itself gives one vector for
//! the text, which is taken as it is and scaled.

use crate::sessions::Session;
use rten::{Model, ModelOptions, NodeId, RunOptions, Value, ValueOrView};
use rten_tensor::Tensor;
use rten_tensor::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A loaded network, its weights laid out for speed. Shared by all sessions.
pub(crate) struct Network {
    model: Model,
    input_ids: NodeId,
    attention_mask: NodeId,
    token_type_ids: Option<NodeId>,
    output: NodeId,
}

/// Why a file is no network for sentences.
pub(crate) enum LoadProblem {
    /// It cannot be read as ONNX.
    NotAModel(String),
    /// It wants or gives something else.
    NotASentenceModel(String),
}

/// The bytes of an ONNX file.
pub(crate) enum ModelBytes {
    /// Read from a file.
    Read(Vec<u8>),
    /// Part of the program, not copied.
    #[cfg_attr(not(feature = "bundled-model"), expect(dead_code, reason = "only the bundled model is part of it"))]
    CompiledIn(&'static [u8]),
}

impl Network {
    /// Reads an ONNX model. Works on the session's thread.
    pub(crate) fn load(bytes: ModelBytes, session: &Session<'_>) -> Result<Self, LoadProblem> {
        let load = || {
            // Weights packed ahead would be held twice: 41 MB for a third more sentences a second.
            let options = ModelOptions::with_all_ops();
            match bytes {
                ModelBytes::Read(bytes) => options.load(bytes),
                ModelBytes::CompiledIn(bytes) => options.load_static_slice(bytes),
            }
        };
        let model = guarded(|| session.thread().run(load)).map_err(LoadProblem::NotAModel)?;

        let (mut input_ids, mut attention_mask, mut token_type_ids) = (None, None, None);
        for &input in model.input_ids() {
            let info = model.node_info(input);
            match info.as_ref().and_then(|node| node.name()) {
                Some("input_ids") => input_ids = Some(input),
                Some("attention_mask") => attention_mask = Some(input),
                Some("token_type_ids") => token_type_ids = Some(input),
                name => {
                    let name = name.unwrap_or("without a name").to_owned();
                    return Err(LoadProblem::NotASentenceModel(format!("it has an unknown input, {name}")));
                }
            }
        }
        let missing = |what: &str| LoadProblem::NotASentenceModel(format!("it has no {what}"));
        Ok(Self {
            input_ids: input_ids.ok_or_else(|| missing("input input_ids"))?,
            attention_mask: attention_mask.ok_or_else(|| missing("input attention_mask"))?,
            token_type_ids,
            output: *model.output_ids().first().ok_or_else(|| missing("output"))?,
            model,
        })
    }

    /// The unit vector of one text, given as token ids with the marks at both ends. Works on the
    /// session's thread.
    pub(crate) fn run(&self, tokens: &[u32], session: &Session<'_>) -> Result<Vec<f32>, String> {
        let shape = [1, tokens.len()];
        let ids = Tensor::from_data(&shape, tokens.iter().map(|&id| id.cast_signed()).collect::<Vec<i32>>());
        let mask = Tensor::full(&shape, 1i32);
        let types = Tensor::<i32>::zeros(&shape);
        let mut inputs: Vec<(NodeId, ValueOrView<'_>)> =
            vec![(self.input_ids, ids.view().into()), (self.attention_mask, mask.view().into())];
        if let Some(input) = self.token_type_ids {
            inputs.push((input, types.view().into()));
        }
        let options = RunOptions::default().with_thread_pool(Some(session.thread().clone()));
        let outputs = guarded(|| self.model.run(inputs, &[self.output], Some(options)))?;
        let output: Tensor<f32> = match outputs.into_iter().next() {
            Some(Value::FloatTensor(output)) => output,
            _ => return Err("its output is not of 32-bit floats".to_owned()),
        };
        let sum = match *output.shape() {
            [1, rows, width] if rows == tokens.len() && width > 0 => {
                let rows = output.to_vec();
                let mut sum = vec![0.0; width];
                for row in rows.chunks_exact(width) {
                    sum.iter_mut().zip(row).for_each(|(sum, component)| *sum += component);
                }
                sum
            }
            [1, width] if width > 0 => output.to_vec(),
            _ => return Err(format!("its output has shape {:?} for {} tokens", output.shape(), tokens.len())),
        };
        unit(sum).ok_or_else(|| "its output has no direction".to_owned())
    }
}

/// The vector scaled to length one; none when it is zero or not finite.
fn unit(mut vector: Vec<f32>) -> Option<Vec<f32>> {
    let length = vector.iter().map(|component| component * component).sum::<f32>().sqrt();
    if !length.is_finite() || length <= 0.0 {
        return None;
    }
    vector.iter_mut().for_each(|component| *component /= length);
    Some(vector)
}

/// The result of the runtime, errors as text. A damaged graph can make the runtime panic; that must
/// cost the embedder and not the program.
fn guarded<T, E: std::fmt::Display>(action: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(action)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("the model runtime broke down".to_owned()),
    }
}
