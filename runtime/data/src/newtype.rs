//! Newtypes of the user's own around the values of rows.

use crate::{
    columns::{Append, FromCells, Problem, View},
    ColumnWriter, Counts, Labels, Normal, Prediction, Quantiles, Raw,
};

/// A type of your own around a value of a row, such as a unit: `struct Metres(f32)`. A value of
/// another type, `Feet` or a plain `f32`, does not compile in its place.
///
/// Derive it. In a model, `wraps = ...` says what the newtype wraps, because an attribute sees only the
/// newtype's name; the compiler compares the two.
///
/// ```
/// use multi_input::prelude::*;
///
/// #[derive(Clone, Copy, Debug, PartialEq, Newtype)]
/// struct Metres(f32);
/// #[derive(Clone, Copy, Debug, PartialEq, Newtype)]
/// struct Rgb([f32; 3]);
/// #[derive(Clone, Copy, Debug, PartialEq, Newtype)]
/// struct District(u32);
/// #[derive(Clone, Copy, Debug, PartialEq, Newtype)]
/// struct Euros(f64);
///
/// #[multi_input_model]
/// #[derive(Clone, Debug)]
/// struct House {
///     #[input(wraps = f32, standardize)]
///     height: Metres,
///     #[input(wraps = [f32; 3])]
///     color: Rgb,
///     #[input(wraps = u32)]
///     #[branch(Embedding(100, 4))]
///     district: District,
///     #[merge(concat(height, color, district))]
///     #[branch(Dense(1))]
///     #[output(loss = mse, wraps = f64)]
///     price: Euros,
/// }
///
/// # fn main() -> multi_input::Result<()> {
/// # let row = |i: u8| HouseSample {
/// #     height: Metres(i.into()),
/// #     color: Rgb([0.1, 0.2, 0.3]),
/// #     district: District(7),
/// #     price: Euros(i.into()),
/// # };
/// # let rows: Vec<_> = (0..8).map(row).collect();
/// let mut model = House::build(&Cpu::default(), Seed(7));
/// # Trainer::new(Adam::new(1e-3)).epochs(1).progress(Progress::silent()).fit(&mut model, &rows)?;
/// // `height: Feet(9.8)` or `height: 3.0` does not compile.
/// let house = HouseInputs { height: Metres(3.0), color: Rgb([0.5; 3]), district: District(12) };
/// let price: Euros = model.predict(&[house])?[0].price;
/// # assert!(price.0.is_finite());
/// # Ok(())
/// # }
/// ```
///
/// The newtype is read from files and computed with as what it wraps, so a model with newtypes has the
/// numbers of one without. A saved model holds the names of its newtypes: a file that was trained on
/// `Feet` is no file for `Metres`. `#[newtype(name = "Metres")]` on a type that was renamed keeps the name
/// of its files. `#[newtype(crate = path)]` gives the path of this crate where it is not `::multi_input`.
///
/// Where a model derives serde's `Serialize` or `Deserialize`, its rows and predictions hold what the
/// newtype wraps, which needs neither of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no newtype of a row's value",
    label = "derive `multi_input::Newtype` on it"
)]
pub trait Newtype: Sized {
    /// What it wraps: a type of a row's value.
    type Inner;

    /// Its name in the files of models.
    const NAME: &'static str;

    /// What it wraps, for messages of the compiler.
    const WRAPS: &'static str = "another type";

    /// Wraps a value.
    fn wrap(inner: Self::Inner) -> Self;

    /// The value.
    fn inner(&self) -> &Self::Inner;
}

impl<T: Newtype<Inner: Raw>> Raw for T {
    fn write(&self, column: &mut ColumnWriter<'_>) {
        self.inner().write(column);
    }
}

impl<T: Newtype<Inner: FromCells>> FromCells for T {
    const ELEMENTS: usize = T::Inner::ELEMENTS;
    const ELEMENTWISE: Option<Append> = T::Inner::ELEMENTWISE;

    fn is_missing(cell: &View<'_>) -> bool {
        T::Inner::is_missing(cell)
    }

    fn read(cells: &[View<'_>]) -> Result<T, Problem> {
        T::Inner::read(cells).map(T::wrap)
    }
}

impl<T: Newtype<Inner: Prediction>> Prediction for T {
    fn read(numbers: &mut dyn Iterator<Item = f64>, labels: &Labels) -> T {
        T::wrap(Prediction::read(numbers, labels))
    }
}

/// A type with newtypes, and the type without them, which serde writes.
#[doc(hidden)]
pub trait Unwrap {
    /// The type with what the newtypes wrap.
    type Unwrapped;

    /// The value without newtypes.
    fn unwrapped(&self) -> Self::Unwrapped;
}

/// A type with newtypes that can be made of the type without them, which serde reads.
#[doc(hidden)]
pub trait Wrap: Unwrap {
    /// The value with newtypes.
    fn wrapped(value: Self::Unwrapped) -> Self;
}

impl<T: Newtype<Inner: Clone>> Unwrap for T {
    type Unwrapped = T::Inner;

    fn unwrapped(&self) -> T::Inner {
        self.inner().clone()
    }
}

impl<T: Newtype<Inner: Clone>> Wrap for T {
    fn wrapped(value: T::Inner) -> T {
        T::wrap(value)
    }
}

impl<T: Unwrap> Unwrap for Option<T> {
    type Unwrapped = Option<T::Unwrapped>;

    fn unwrapped(&self) -> Self::Unwrapped {
        self.as_ref().map(T::unwrapped)
    }
}

impl<T: Wrap> Wrap for Option<T> {
    fn wrapped(value: Self::Unwrapped) -> Option<T> {
        value.map(T::wrapped)
    }
}

impl<T: Unwrap> Unwrap for Vec<T> {
    type Unwrapped = Vec<T::Unwrapped>;

    fn unwrapped(&self) -> Self::Unwrapped {
        self.iter().map(T::unwrapped).collect()
    }
}

impl<T: Wrap> Wrap for Vec<T> {
    fn wrapped(value: Self::Unwrapped) -> Vec<T> {
        value.into_iter().map(T::wrapped).collect()
    }
}

impl<T: Unwrap, const N: usize> Unwrap for [T; N] {
    type Unwrapped = [T::Unwrapped; N];

    fn unwrapped(&self) -> Self::Unwrapped {
        self.each_ref().map(T::unwrapped)
    }
}

impl<T: Wrap, const N: usize> Wrap for [T; N] {
    fn wrapped(value: Self::Unwrapped) -> [T; N] {
        value.map(T::wrapped)
    }
}

impl<T: Unwrap, const LEVELS: usize> Unwrap for Quantiles<T, LEVELS> {
    type Unwrapped = Quantiles<T::Unwrapped, LEVELS>;

    fn unwrapped(&self) -> Self::Unwrapped {
        Quantiles::of(self.as_array().unwrapped())
    }
}

impl<T: Unwrap> Unwrap for Normal<T> {
    type Unwrapped = Normal<T::Unwrapped>;

    fn unwrapped(&self) -> Self::Unwrapped {
        Normal { mean: self.mean.unwrapped(), std: self.std.unwrapped() }
    }
}

impl<T: Unwrap> Unwrap for Counts<T> {
    type Unwrapped = Counts<T::Unwrapped>;

    fn unwrapped(&self) -> Self::Unwrapped {
        Counts { mean: self.mean.unwrapped(), dispersion: self.dispersion.unwrapped() }
    }
}
