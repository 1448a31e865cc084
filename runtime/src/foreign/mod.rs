//! Weights of other libraries: Keras's and PyTorch's files.
//!
//! `Weights::keras`, with the feature `keras`, and [`Weights::torch`] read a file into a list of layers, each with its tensors.
//! `units.rs` has the layers of a model, `matching.rs` finds out which is which, `binding.rs` makes the
//! tensors of ours of theirs, by the table of all layers in `table.rs`, and `load.rs` does all of this
//! before anything of the model changes.

mod binding;
mod features;
#[cfg(feature = "keras")]
mod keras;
mod kind;
mod layer;
mod layout;
mod load;
mod matching;
#[cfg(feature = "keras")]
mod save;
mod settings;
mod table;
mod torch;
mod units;
mod wire;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};

use multi_input_base::{quote::Escaped, Error, Result};

use self::layer::ForeignLayer;
#[cfg(feature = "keras")]
pub use self::save::SavedLayers;
use crate::{checkpoint::CheckpointError, transfer::Weights};

/// The weights of a model of Keras or PyTorch, for
/// [`Model::load_weights`](crate::Model::load_weights). [`Weights::torch`] and, with the feature
/// `keras`, `Weights::keras` read them from a file.
///
/// Which layer of the file becomes which of the model is found by their kinds and shapes, by their names,
/// and in a file that has the architecture by what flows into them. Where that leaves a choice, loading
/// is an error that shows the candidates and the calls of [`map`](ForeignWeights::map) to choose from.
#[must_use]
#[derive(Clone)]
pub struct ForeignWeights {
    path: PathBuf,
    conversion: Conversion,
    layers: Vec<ForeignLayer>,
    /// The layer of the file for a layer of the model.
    mapped: BTreeMap<String, String>,
    /// The layers of the file that are not taken.
    ignored: BTreeSet<String>,
    /// The layers of the model that keep their weights.
    kept: BTreeSet<String>,
}

/// What differs from our layouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Conversion {
    library: Library,
    /// Whether the channels of an image are its last axis. Keras has both forms.
    channels_last: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    #[cfg_attr(not(feature = "keras"), allow(dead_code, reason = "the feature reads its files"))]
    Keras,
    PyTorch,
}

impl Conversion {
    /// Keras with its default of images whose channels are last.
    #[cfg(feature = "keras")]
    pub(crate) const KERAS: Conversion =
        Conversion { library: Library::Keras, channels_last: true };
}

impl fmt::Display for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Library::Keras => "Keras",
            Library::PyTorch => "PyTorch",
        })
    }
}

/// The names of the layers, without their numbers.
impl fmt::Debug for ForeignWeights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers = self.layers.iter().map(|layer| &layer.name);
        f.debug_struct("ForeignWeights")
            .field("path", &self.path)
            .field("layers", &layers.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Weights {
    /// Reads the `state_dict` of a PyTorch model, which
    /// `safetensors.torch.save_file(model.state_dict(), "state.safetensors")` writes.
    ///
    /// ```no_run
    /// # use multi_input::prelude::*;
    /// # #[multi_input_model]
    /// # struct House {
    /// #     #[input]
    /// #     rooms: [f32; 3],
    /// #     #[from(rooms)]
    /// #     #[branch(Dense(8, relu), Dense(1))]
    /// #     #[output(loss = mse)]
    /// #     price: f32,
    /// # }
    /// let mut model = House::build(&Cpu::default(), Seed(7));
    /// let weights = Weights::torch("state.safetensors")?;
    /// let loaded = model.load_weights(weights.map("hidden", "price.0").map("head", "price.1"))?;
    /// println!("{loaded}"); // Which layer became which.
    /// # Ok::<(), multi_input::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::File`] if the file cannot be read, [`Error::Checkpoint`] if it is damaged, no such file,
    /// or holds numbers of another type than `f64`, `f32`, `f16` and `bf16`.
    #[doc(alias("load_state_dict", "pytorch", "safetensors"))]
    pub fn torch(path: impl AsRef<Path>) -> Result<ForeignWeights> {
        let path = path.as_ref();
        let layers = torch::read(&bytes_of(path)?).map_err(|reason| unreadable(path, reason))?;
        let conversion = Conversion { library: Library::PyTorch, channels_last: false };
        Ok(ForeignWeights::new(path, conversion, layers))
    }

    /// Reads the weights of a Keras model: a `.keras` file, the `.weights.h5` of `save_weights`, or an
    /// `.h5` of Keras 2. A `.keras` file also has the architecture, which is compared with that of the
    /// model, and lets more layers be told apart.
    ///
    /// ```no_run
    /// # use multi_input::prelude::*;
    /// # #[multi_input_model]
    /// # struct House {
    /// #     #[input]
    /// #     rooms: [f32; 3],
    /// #     #[from(rooms)]
    /// #     #[branch(Dense(8, relu), Dense(1))]
    /// #     #[output(loss = mse)]
    /// #     price: f32,
    /// # }
    /// let mut model = House::build(&Cpu::default(), Seed(7));
    /// let loaded = model.load_weights(Weights::keras("house.keras")?)?;
    /// println!("{loaded}"); // Which layer became which.
    /// # Ok::<(), multi_input::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::File`] if the file cannot be read, [`Error::Checkpoint`] if it is damaged or no such file.
    #[cfg(feature = "keras")]
    #[doc(alias("load_model", "h5", "hdf5"))]
    pub fn keras(path: impl AsRef<Path>) -> Result<ForeignWeights> {
        let path = path.as_ref();
        let read = keras::read(bytes_of(path)?).map_err(|reason| unreadable(path, reason))?;
        let conversion = Conversion { library: Library::Keras, channels_last: read.channels_last };
        Ok(ForeignWeights::new(path, conversion, read.layers))
    }
}

impl ForeignWeights {
    fn new(path: &Path, conversion: Conversion, layers: Vec<ForeignLayer>) -> ForeignWeights {
        ForeignWeights {
            path: path.to_owned(),
            conversion,
            layers,
            mapped: BTreeMap::new(),
            ignored: BTreeSet::new(),
            kept: BTreeSet::new(),
        }
    }

    /// Takes the layer `theirs` of the file for the layer `ours` of the model: the name of a node and the
    /// index of the layer in its branch, as in the model's own files, `price.0`. In a
    /// `TransformerBlock` follow `.attention`, `.attention_norm`, `.expand`, `.contract` or
    /// `.output_norm`, in PyTorch's place of a `SeparableConv2D` `.depthwise` or `.pointwise`.
    ///
    /// In a Keras file `theirs` is the name of the layer; in that of a nested model it follows the name
    /// of the model, `encoder/dense_1`. In PyTorch it is the name of the module, `encoder.fc1`; for a
    /// layer of a recurrent module of several layers it ends in `.l0`, `.l1` and so on.
    pub fn map(mut self, theirs: impl Into<String>, ours: impl Into<String>) -> ForeignWeights {
        self.mapped.insert(ours.into(), theirs.into());
        self
    }

    /// Leaves a layer of the file out.
    pub fn ignore(mut self, theirs: impl Into<String>) -> ForeignWeights {
        self.ignored.insert(theirs.into());
        self
    }

    /// Leaves a layer of the model, `price.0`, or all layers of a node, `price`, with the weights that
    /// they have: a new head over a trained network.
    pub fn keep(mut self, ours: impl Into<String>) -> ForeignWeights {
        self.kept.insert(ours.into());
        self
    }

    /// Says that the Keras model has images with their channels first (`data_format="channels_first"`), as
    /// they are here. A file with the architecture says so itself; otherwise channels are last,
    /// as is the default of Keras. It matters for what is flattened.
    pub fn channels_first(mut self) -> ForeignWeights {
        self.conversion.channels_last = false;
        self
    }

    /// The names of the layers of the file, each with its class, if the file says it, and its shapes.
    pub fn layers(&self) -> Vec<String> {
        self.layers.iter().map(ForeignLayer::described).collect()
    }
}

/// What [`Model::load_weights`](crate::Model::load_weights) took of a file of another library.
/// Displayed as lines of text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded {
    /// The file.
    pub from: PathBuf,
    /// The layers of the model, each with the layer of the file that it was made of.
    pub layers: Vec<(String, String)>,
    /// The layers and vectors of the model that keep their weights.
    pub kept: Vec<String>,
    /// What the file does not say and may make predictions differ.
    pub notes: Vec<String>,
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "from {}:", Escaped(self.from.display()))?;
        for (ours, theirs) in &self.layers {
            write!(f, "\n  `{ours}`: `{}`", Escaped(theirs))?;
        }
        self.kept.iter().try_for_each(|ours| write!(f, "\n  kept: `{ours}`"))?;
        self.notes.iter().try_for_each(|note| write!(f, "\n  note: {}", Escaped(note)))
    }
}

fn bytes_of(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|source| Error::File { action: "read", path: path.into(), source })
}

fn unreadable(path: &Path, reason: String) -> Error {
    CheckpointError::Foreign { path: path.to_owned(), reason }.into()
}
