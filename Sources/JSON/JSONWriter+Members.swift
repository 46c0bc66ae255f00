extension JSONWriter {
    /// A key and a string, or null where there is none.
    package mutating func member(_ name: String, _ text: String?) {
        key(name)
        if let text { string(text) } else { null() }
    }

    /// A key and a whole number.
    package mutating func member(_ name: String, _ value: some BinaryInteger) {
        key(name)
        integer(value)
    }

    /// A key and a whole number, or null where there is none.
    package mutating func member(_ name: String, _ value: Int?) {
        key(name)
        if let value { integer(value) } else { null() }
    }

    /// A key and a number.
    package mutating func member(_ name: String, _ value: Float) {
        key(name)
        number(value)
    }

    /// A key and a number.
    package mutating func member(_ name: String, _ value: Double) {
        key(name)
        number(value)
    }

    /// A key and true or false.
    package mutating func member(_ name: String, _ value: Bool) {
        key(name)
        bool(value)
    }

    /// A key and an array.
    package mutating func member(_ name: String, _ values: [Float]) {
        key(name)
        numbers(values)
    }

    /// A key and an array.
    package mutating func member(_ name: String, _ values: [Double]) {
        key(name)
        array { for value in values { $0.number(value) } }
    }

    /// A key and an array.
    package mutating func member(_ name: String, _ values: [Int]) {
        key(name)
        array { for value in values { $0.integer(value) } }
    }

    /// A key and any value.
    package mutating func member(_ name: String, _ value: JSONValue) {
        key(name)
        self.value(value)
    }
}
