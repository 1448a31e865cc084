//! Types that are imported for fields alone are used.

#![deny(warnings)]

mod pictures {
    use multi_input::{multi_input_model, Class, Image};

    #[multi_input_model]
    pub struct Post {
        #[input(resize(8, 8))]
        #[branch(Conv2D(8, 3, relu), Flatten)]
        photo: Image<3>,
        #[from(photo)]
        #[branch(Dense(3))]
        #[output(loss = cross_entropy)]
        topic: Option<Class<3>>,
    }
}

mod without_imports {
    use multi_input::multi_input_model;

    #[multi_input_model]
    pub struct Post {
        #[input(resize(8, 8))]
        #[branch(Conv2D(8, 3, relu), Flatten)]
        photo: Image<3>,
        #[from(photo)]
        #[branch(Dense(3))]
        #[output(loss = cross_entropy)]
        topic: Class<3>,
    }
}

#[test]
fn both_compile() {
    let _ = (pictures::Post::summary(), without_imports::Post::summary());
}
