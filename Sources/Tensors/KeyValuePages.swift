import CKernels
import Foundation

/// How keys and values are kept.
package enum KeyValueFormat: Sendable, Equatable {
    case float32
    /// Half the memory, and half of what attention reads.
    case bfloat16

    var native: grace_key_format {
        switch self {
        case .float32: GRACE_KEYS_FLOAT32
        case .bfloat16: GRACE_KEYS_BFLOAT16
        }
    }
}

/// What a model keeps of each position.
package struct KeyValueShape: Sendable, Equatable {
    let layerCount: Int
    let keyValueHeadCount: Int
    let headSize: Int
    let format: KeyValueFormat

    /// Keys and values of `headSize` channels for each layer and key head.
    package init(layerCount: Int, keyValueHeadCount: Int, headSize: Int, format: KeyValueFormat) {
        self.layerCount = layerCount
        self.keyValueHeadCount = keyValueHeadCount
        self.headSize = headSize
        self.format = format
    }

    /// Positions of a page, the unit that memory is given out in.
    package static var pagePositions: Int { Int(GRACE_PAGE_POSITIONS) }

    /// Pages that hold so many positions.
    static func pageCount(_ positions: Int) -> Int {
        (positions + pagePositions - 1) / pagePositions
    }

    /// The size of a page: 16 positions of all layers and heads.
    package var pageBytes: Int { layerCount * keyValueHeadCount * headBytes }

    /// Where in a page the keys of a head begin; its values follow them.
    func offset(layer: Int, head: Int) -> Int {
        (layer * keyValueHeadCount + head) * headBytes
    }

    private var headBytes: Int { grace_page_head_bytes(format.native, headSize) }
}

/// Gives pages to sequences and takes them back: all of one size, so that memory does not fragment, and used again, so
/// that it stays at the most that was ever live.
///
/// It belongs to one thread: it is not `Sendable`.
package final class KeyValuePagePool {
    /// What a page holds.
    package let shape: KeyValueShape
    private var free: [UnsafeMutableRawPointer] = []
    private var slabs: [UnsafeMutableRawPointer] = []

    /// A pool without memory: it grows when pages are taken.
    package init(shape: KeyValueShape) {
        self.shape = shape
    }

    func take() -> UnsafeMutableRawPointer {
        if free.isEmpty {
            addSlab()
        }
        return free.removeLast()
    }

    func give(_ pages: some Sequence<UnsafeMutableRawPointer>) {
        free.append(contentsOf: pages)
    }

    /// Slabs of whole huge pages, where the system has them: attention touches memory all over.
    private func addSlab() {
        let hugePage = 2 << 20
        let size = (max(shape.pageBytes, 2 * hugePage) + hugePage - 1) / hugePage * hugePage
        let slab = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: hugePage)
        // Advice alone: without huge pages it works as well.
        madvise(slab, size, MADV_HUGEPAGE)
        slabs.append(slab)
        // The lowest address last: it is taken first, so that little of a slab is touched.
        free.append(contentsOf: (0..<size / shape.pageBytes).reversed().map { slab + $0 * shape.pageBytes })
    }

    deinit {
        for slab in slabs {
            slab.deallocate()
        }
    }
}

/// The keys and values of one sequence in all layers.
///
/// It belongs to one thread, that of its pool.
package final class KeyValuePages {
    private let pool: KeyValuePagePool
    /// The sequence that the first pages belong to.
    private var prefixOwner: KeyValuePages?
    private var ownPages: [UnsafeMutableRawPointer] = []
    /// All pages, those of the prefix first.
    private(set) var pages: [UnsafeRawPointer?] = []

    /// A sequence without positions.
    package init(pool: KeyValuePagePool) {
        self.pool = pool
    }

    var shape: KeyValueShape { pool.shape }

    /// Has pages for so many positions.
    package func reserve(positions: Int) {
        while pages.count < KeyValueShape.pageCount(positions) {
            let page = pool.take()
            ownPages.append(page)
            pages.append(UnsafeRawPointer(page))
        }
    }

    /// Begins with the first `positions` of another sequence, which does not change them from now on: whole pages are
    /// shared, the rest is copied.
    package func adoptPrefix(of other: KeyValuePages, positions: Int) {
        precondition(pages.isEmpty && other.shape == shape, "a prefix of another shape, or too late")
        precondition(KeyValueShape.pageCount(positions) <= other.pages.count, "\(positions) positions are not there")
        let shared = positions / KeyValueShape.pagePositions
        prefixOwner = other
        pages = Array(other.pages[..<shared])
        reserve(positions: positions)
        if pages.count > shared, let source = other.pages[shared] {
            ownPages[0].copyMemory(from: source, byteCount: shape.pageBytes)
        }
    }

    /// Where a position's key and value of one head are stored.
    ///
    /// - Precondition: the position is not in a shared page.
    func storage(position: Int, layer: Int, head: Int) -> (head: UnsafeMutableRawPointer, slot: Int) {
        let (page, slot) = position.quotientAndRemainder(dividingBy: KeyValueShape.pagePositions)
        let shared = pages.count - ownPages.count
        return (ownPages[page - shared] + shape.offset(layer: layer, head: head), slot)
    }

    deinit {
        pool.give(ownPages)
    }
}
