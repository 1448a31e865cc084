//! Arithmetic on literals, which the macro evaluates as rustc does, and the expressions that are left
//! to rustc.

#[cfg(test)]
mod tests;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{spanned::Spanned, BinOp, Block, Expr, Lit, Stmt, UnOp};

use crate::text::compact;

/// The largest `usize` of the machines that run models.
const MOST: i128 = u64::MAX as i128;

/// The value of an expression of type `usize`, if it consists of literals. Only a whole expression may
/// be negative, for a message about its value. `what` is expected.
pub(super) fn integer(what: &str, expr: &Expr) -> syn::Result<Option<i128>> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Int(int) if !matches!(int.suffix(), "" | "usize") => {
                let (suffix, digits) = (int.suffix(), int.base10_digits());
                let text = format!("{what} is a `usize`, no `{suffix}`: write `{digits}`");
                Err(syn::Error::new(int.span(), text))
            }
            // A literal that does not fit is reported as too large.
            Lit::Int(int) => Ok(Some(int.base10_parse().unwrap_or(i128::MAX))),
            _ => Err(expected(what, expr)),
        },
        Expr::Paren(inner) => integer(what, &inner.expr),
        Expr::Group(inner) => integer(what, &inner.expr),
        Expr::Block(block) => match alone(&block.block) {
            Some(inner) => integer(what, inner),
            None => constant(what, expr).map(|()| None),
        },
        Expr::Const(block) => match alone(&block.block) {
            Some(inner) => integer(what, inner),
            None => Ok(None),
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => Ok(None),
        Expr::Unary(unary) => {
            let operand = integer(what, &unary.expr)?;
            Ok(operand.and_then(|number| match unary.op {
                UnOp::Neg(_) => number.checked_neg(),
                UnOp::Not(_) if (0..=MOST).contains(&number) => Some(MOST - number),
                _ => None,
            }))
        }
        Expr::Binary(binary) => {
            let (left, right) = (integer(what, &binary.left)?, integer(what, &binary.right)?);
            let (Some(left), Some(right)) = (left, right) else {
                return constant(what, expr).map(|()| None);
            };
            let wrong = |text: &str| {
                let found = expr.to_token_stream();
                syn::Error::new(expr.span(), format!("`{found}` {text}"))
            };
            for (number, part) in [(left, &binary.left), (right, &binary.right)] {
                if number < 0 {
                    let part = part.to_token_stream();
                    return Err(wrong(&format!("has the part `{part}`, which is below 0")));
                }
            }
            operation(&binary.op, left, right)
                .ok_or_else(|| expected(what, expr))?
                .map_err(wrong)
                .map(Some)
        }
        _ => constant(what, expr).map(|()| None),
    }
}

/// The result of an operation, or what is wrong with it; `None` for one that gives no number.
fn operation(operator: &BinOp, left: i128, right: i128) -> Option<Result<i128, &'static str>> {
    const TOO_LARGE: &str = "is more than a `usize` holds";
    const BY_ZERO: &str = "divides by zero";
    const TOO_FAR: &str = "shifts by more than the 63 bits that a `usize` can be shifted by";
    let result = match operator {
        BinOp::Add(_) => left.checked_add(right).ok_or(TOO_LARGE),
        BinOp::Sub(_) => left.checked_sub(right).ok_or(TOO_LARGE),
        BinOp::Mul(_) => left.checked_mul(right).ok_or(TOO_LARGE),
        BinOp::Div(_) => left.checked_div(right).ok_or(BY_ZERO),
        BinOp::Rem(_) => left.checked_rem(right).ok_or(BY_ZERO),
        BinOp::BitAnd(_) => Ok(left & right),
        BinOp::BitOr(_) => Ok(left | right),
        BinOp::BitXor(_) => Ok(left ^ right),
        BinOp::Shl(_) | BinOp::Shr(_) if right > 63 => Err(TOO_FAR),
        _ if left > MOST => Err(TOO_LARGE),
        // The bits that are shifted out are lost.
        BinOp::Shl(_) => Ok((left << right) & MOST),
        BinOp::Shr(_) => Ok(left >> right),
        _ => return None,
    };
    Some(result.and_then(|number| if number > MOST { Err(TOO_LARGE) } else { Ok(number) }))
}

/// The value of an expression of literals as a real number.
pub(super) fn real(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Int(int) => int.base10_parse().ok(),
            Lit::Float(float) => float.base10_parse().ok(),
            _ => None,
        },
        Expr::Paren(inner) => real(&inner.expr),
        Expr::Group(inner) => real(&inner.expr),
        Expr::Block(block) => alone(&block.block).and_then(real),
        Expr::Const(block) => alone(&block.block).and_then(real),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => real(&unary.expr).map(|n| -n),
        Expr::Binary(binary) => {
            let (left, right) = (real(&binary.left)?, real(&binary.right)?);
            match binary.op {
                BinOp::Add(_) => Some(left + right),
                BinOp::Sub(_) => Some(left - right),
                BinOp::Mul(_) => Some(left * right),
                BinOp::Div(_) => Some(left / right),
                BinOp::Rem(_) => Some(left % right),
                // Of whole numbers alone.
                _ => integer("a number", expr).ok()?.map(|number| number as f64),
            }
        }
        _ => None,
    }
}

/// Refuses what cannot be a number: a text, a list, a module, `Self`. All else is left to rustc.
pub(super) fn constant(what: &str, expr: &Expr) -> syn::Result<()> {
    if let Some(word) = own_type(expr.to_token_stream()) {
        let text = "`Self` stands for no type here: write the name of the type";
        return Err(syn::Error::new(word.span(), text));
    }
    let is_constant = match expr {
        Expr::Path(path) => path.path.segments.last().is_some_and(|last| !is_module(&last.ident)),
        Expr::Lit(lit) => matches!(lit.lit, Lit::Int(_) | Lit::Float(_)),
        Expr::Paren(inner) => return constant(what, &inner.expr),
        Expr::Group(inner) => return constant(what, &inner.expr),
        Expr::Unary(unary) if matches!(unary.op, UnOp::Deref(_)) => true,
        Expr::Unary(unary) => return constant(what, &unary.expr),
        Expr::Binary(binary) => {
            constant(what, &binary.left)?;
            return constant(what, &binary.right);
        }
        Expr::Call(_)
        | Expr::MethodCall(_)
        | Expr::Macro(_)
        | Expr::Field(_)
        | Expr::Index(_)
        | Expr::If(_)
        | Expr::Match(_)
        | Expr::Block(_)
        | Expr::Const(_)
        | Expr::Unsafe(_)
        | Expr::Loop(_)
        | Expr::Cast(_)
        | Expr::Verbatim(_) => true,
        _ => false,
    };
    match is_constant {
        true => Ok(()),
        false => Err(expected(what, expr)),
    }
}

/// The word `Self`, outside of blocks, which may hold types of their own.
fn own_type(tokens: TokenStream) -> Option<TokenTree> {
    tokens.into_iter().find_map(|tree| match &tree {
        TokenTree::Ident(word) => (word == "Self").then_some(tree),
        TokenTree::Group(group) => match group.delimiter() {
            proc_macro2::Delimiter::Brace => None,
            _ => own_type(group.stream()),
        },
        TokenTree::Punct(_) | TokenTree::Literal(_) => None,
    })
}

/// Whether a path that ends in `name` is a module, not a value.
fn is_module(name: &syn::Ident) -> bool {
    ["crate", "self", "super", "Self"].iter().any(|module| name == module)
}

/// The expression that is all of a block.
fn alone(block: &Block) -> Option<&Expr> {
    match &block.stmts[..] {
        [Stmt::Expr(expr, None)] => Some(expr),
        _ => None,
    }
}

fn expected(what: &str, expr: &Expr) -> syn::Error {
    let found = compact(&expr.to_token_stream());
    let text = match what {
        "a number" => format!("expected a number; found `{found}`"),
        _ => format!("expected {what}, a whole number or a constant; found `{found}`"),
    };
    syn::Error::new(expr.span(), text)
}
