//! The metrics that `metrics(...)` knows by name, one file each. In a module of their own, because rustc takes
//! `metric::mae` for a private module `mae` where there is one.

mod accuracy;
mod auc;
mod f1;
mod fbeta;
mod mae;
mod mape;
mod mse;
mod precision;
mod r2;
mod recall;
mod rmse;
mod top_k;

pub use self::{
    accuracy::Accuracy,
    auc::{Auc, AucOvo},
    f1::F1,
    fbeta::FBeta,
    mae::Mae,
    mape::Mape,
    mse::Mse,
    precision::Precision,
    r2::R2,
    recall::Recall,
    rmse::Rmse,
    top_k::TopK,
};
