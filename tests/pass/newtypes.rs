//! Newtypes by path, in a macro, in a part of a model, and among items with the names of the expansion's.

#![allow(dead_code)]
#![deny(warnings)]

mod units {
    #[derive(Clone, Copy, Debug, PartialEq, ::multi_input::Newtype)]
    pub(super) struct Metres(pub f32);
    #[derive(Clone, Copy, Debug, PartialEq, ::multi_input::Newtype)]
    #[newtype(name = "metres", crate = ::multi_input)]
    pub(super) struct Sides(pub [f32; super::SIDES]);
}

const SIDES: usize = 3;

struct Option;
struct Some;
struct Result;
struct Vec;
struct RowValue;
trait Newtype {
    type Inner;
}
impl<T> Newtype for T {
    type Inner = ();
}

#[::multi_input::multi_input_model(part(Front = height))]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct House {
    #[input(wraps = f32, standardize)]
    #[branch(Dense(2))]
    #[output]
    height: units::Metres,
    #[input(wraps = f32, missing = mean)]
    width: Option<self::units::Metres>,
    #[input(wraps = [f32; SIDES], missing = zeros, columns("a0", "a1", "a2"))]
    areas: Option<units::Sides>,
    #[input(wraps = f32, impute(mean))]
    rooms: [[Option<units::Metres>; 2]; SIDES],
    #[input(wraps = [f32; 3], pad(2))]
    #[branch(DropMask, Flatten)]
    gardens: Vec<units::Sides>,
    #[from(rooms)]
    #[branch(Flatten)]
    flat: _,
    #[merge(concat(height, width, areas, flat, gardens))]
    #[branch(Dense(2))]
    #[output(loss = mse, wraps = f32, columns("low", "high"))]
    price: Option<[units::Metres; 2]>,
}

macro_rules! newtype_and_model {
    ($name:ident, $inner:ty, $model:ident, $($layer:tt)*) => {
        #[derive(Clone, Debug, ::multi_input::Newtype)]
        pub struct $name($inner);

        #[::multi_input::multi_input_model]
        #[derive(Clone, Debug)]
        pub struct $model {
            #[input(wraps = $inner)]
            #[branch($($layer)*)]
            value: $name,
            #[from(value)]
            #[branch(Dense(1))]
            #[output(loss = mse)]
            price: f32,
        }
    };
}

newtype_and_model!(District, u32, Town, Embedding(10, 2));
newtype_and_model!(Corners, [[f32; 2]; 4], Garden, Flatten);

#[test]
fn rows_hold_newtypes() {
    let row = HouseInputs {
        height: units::Metres(1.0),
        width: ::core::option::Option::Some(units::Metres(2.0)),
        areas: ::core::option::Option::Some(units::Sides([1.0; SIDES])),
        rooms: [[::core::option::Option::None; 2]; SIDES],
        gardens: ::std::vec![units::Sides([0.5; 3])],
    };
    assert_eq!(FrontInputs { height: row.height }.height, units::Metres(1.0));
    let (town, garden) =
        (TownInputs { value: District(3) }, GardenInputs { value: Corners([[0.0; 2]; 4]) });
    assert_eq!((town.value.0, garden.value.0.len()), (3, 4));
    assert_eq!(<units::Sides as ::multi_input::Newtype>::NAME, "metres");
}
