// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Tiling} from "../../../contracts/libraries/Tiling.sol";
import {Layout, OutputKind} from "../../../contracts/types/Circuit.sol";

/// @notice A layout is accepted exactly if painting its sections covers every instance once.
contract TilingTest {
    uint256 private constant SECTIONS = 5;

    /// @dev Sections in any order, then perhaps one field a little off: about half of them tile.
    function testFuzz_acceptsExactlyWhatTiles(uint256 seed) public view {
        Layout memory layout_ = _tiled(seed);
        if (seed % 2 == 1) _disturb(layout_, uint256(keccak256(abi.encode(seed))));
        assert(_accepts(layout_) == _reference(layout_));
    }

    function testFuzz_acceptsSectionsInAnyOrder(uint256 seed) public view {
        assert(_accepts(_tiled(seed)));
    }

    function testFuzz_refusesAnotherNumberOfInstances(uint256 seed, uint16 instances) public view {
        Layout memory layout_ = _tiled(seed);
        if (instances == layout_.instances) ++instances;
        layout_.instances = instances;
        assert(!_accepts(layout_));
    }

    /// @dev They tile, but one of them has a length that no circuit gives it.
    function testFuzz_refusesMalformedSections(uint256 seed, bool weights, uint8 more) public view {
        Layout memory layout_ = _sections(seed);
        if (weights) (layout_.weightWords, layout_.weightPoints) = (2, 0);
        else layout_.contextEchoWords = uint16(layout_.contextLimbs) + 1 + more;
        _placeAll(layout_, seed);
        assert(!_accepts(layout_));
    }

    /// @dev They tile, but two of them contradict each other.
    function testFuzz_refusesContradictingSections(uint256 seed, uint256 which) public view {
        Layout memory layout_ = _sections(seed);
        if (which % 5 == 0) (layout_.items, layout_.inputWords) = (layout_.items + 1, 0);
        if (which % 5 == 1) (layout_.weightWords, layout_.weightPoints) = (1, layout_.weightPoints + 1);
        if (which % 5 == 2) layout_.outputWords = layout_.classes + 1;
        if (which % 5 == 3) layout_.outputWords = 0;
        if (which % 5 == 4) (layout_.outputKind, layout_.classes) = (OutputKind.Scores, layout_.outputWords + 1);
        _placeAll(layout_, seed);
        assert(!_accepts(layout_));
    }

    function testFuzz_refusesWhatOverlaps(uint256 seed) public view {
        Layout memory layout_ = _tiled(seed);
        layout_.context = layout_.outputs;
        assert(!_accepts(layout_));
    }

    /// @dev The greatest values of every field must not wrap around.
    function testFuzz_neverPanics(uint16[12] calldata fields, uint8[3] calldata small) public view {
        Layout memory layout_;
        (layout_.instances, layout_.items) = (fields[0], fields[1]);
        (layout_.context, layout_.contextLimbs, layout_.contextBits) = (fields[2], small[0], small[1]);
        (layout_.contextEcho, layout_.contextEchoWords) = (fields[3], fields[4] % 2 == 0 ? 1 : small[0]);
        (layout_.inputs, layout_.inputWords) = (fields[5], fields[6]);
        (layout_.weights, layout_.weightWords, layout_.weightPoints) = (fields[7], small[2] % 2, small[2] / 2);
        (layout_.outputs, layout_.outputWords, layout_.classes) = (fields[8], fields[9], fields[9]);
        try this.requireTiled(layout_) {} catch Panic(uint256) {
            assert(false);
        } catch {}
    }

    function requireTiled(Layout calldata layout_) external pure {
        Tiling.requireTiled(layout_);
    }

    function _accepts(Layout memory layout_) private view returns (bool) {
        try this.requireTiled(layout_) {
            return true;
        } catch {
            return false;
        }
    }

    // ---------------------------------------------------------------- layouts

    function _tiled(uint256 seed) private pure returns (Layout memory layout_) {
        layout_ = _sections(seed);
        _placeAll(layout_, seed);
    }

    function _sections(uint256 seed) private pure returns (Layout memory layout_) {
        layout_.inputWords = uint16((seed >> 32) % 7);
        layout_.items = layout_.inputWords == 0 ? 1 : uint16(1 + ((seed >> 8) % 4));
        layout_.contextLimbs = uint8(1 + ((seed >> 16) % 12));
        layout_.contextEchoWords = [uint16(0), 1, layout_.contextLimbs][(seed >> 24) % 3];
        layout_.weightWords = uint8((seed >> 40) % 2);
        if (layout_.weightWords == 0) layout_.weightPoints = uint8((seed >> 44) % 4);
        layout_.outputKind = OutputKind((seed >> 48) % 2);
        layout_.classes = uint16(1 + ((seed >> 56) % 5));
        layout_.outputWords = layout_.classes;
        if (layout_.outputKind == OutputKind.Label) layout_.outputWords = uint16(1 + ((seed >> 80) % layout_.classes));
    }

    function _placeAll(Layout memory layout_, uint256 seed) private pure {
        uint256 first = (seed >> 64) % SECTIONS;
        uint256 step = 1 + ((seed >> 72) % (SECTIONS - 1)); // SECTIONS is prime: each section comes once
        for (uint256 i = 0; i < SECTIONS; ++i) {
            _place(layout_, (first + i * step) % SECTIONS);
        }
    }

    /// @dev Puts a section behind those that stand already, and counts it.
    function _place(Layout memory layout_, uint256 section) private pure {
        uint16 end = layout_.instances;
        if (section == 0) layout_.context = end;
        if (section == 1) layout_.contextEcho = end;
        if (section == 2) layout_.inputs = end;
        if (section == 3) layout_.weights = end;
        if (section == 4) layout_.outputs = end;
        (, uint256[SECTIONS] memory lengths) = _spans(layout_);
        layout_.instances = end + uint16(lengths[section]);
    }

    function _disturb(Layout memory layout_, uint256 seed) private pure {
        uint16 by = uint16(1 + ((seed >> 8) % 3));
        uint256 field = seed % 13;
        if (field == 0) layout_.instances += by;
        if (field == 1) layout_.context += by;
        if (field == 2) layout_.contextEcho += by;
        if (field == 3) layout_.inputs += by;
        if (field == 4) layout_.weights += by; // does not matter when there are none
        if (field == 5) layout_.outputs += by;
        if (field == 6) layout_.contextEchoWords += by;
        if (field == 7) layout_.weightWords += uint8(by);
        if (field == 8) layout_.outputWords += by;
        if (field == 9) layout_.items += by;
        if (field == 10) layout_.classes += by;
        if (field == 11) layout_.weightPoints += uint8(by);
        if (field == 12) layout_.inputWords += by;
    }

    // ---------------------------------------------------------------- the reference

    function _reference(Layout memory layout_) private pure returns (bool) {
        if (!_hasSections(layout_)) return false;
        (uint256[SECTIONS] memory starts, uint256[SECTIONS] memory lengths) = _spans(layout_);
        uint256[] memory painted = new uint256[](layout_.instances);
        for (uint256 i = 0; i < SECTIONS; ++i) {
            for (uint256 word = starts[i]; word < starts[i] + lengths[i]; ++word) {
                if (word >= painted.length || painted[word] != 0) return false;
                painted[word] = 1;
            }
        }
        for (uint256 word = 0; word < painted.length; ++word) {
            if (painted[word] == 0) return false;
        }
        return true;
    }

    /// @dev docs/SPEC.md, section 1.
    function _hasSections(Layout memory layout_) private pure returns (bool) {
        (uint256 echo, uint256 words) = (layout_.contextEchoWords, layout_.outputWords);
        bool scores = layout_.outputKind == OutputKind.Scores;
        if (layout_.items == 0 || (layout_.items != 1 && layout_.inputWords == 0)) return false;
        if (layout_.weightWords > 1 || (layout_.weightWords == 1 && layout_.weightPoints > 0)) return false;
        if (words == 0 || words > layout_.classes || (scores && words < layout_.classes)) return false;
        return echo == 0 || echo == 1 || echo == layout_.contextLimbs;
    }

    function _spans(
        Layout memory layout_
    ) private pure returns (uint256[SECTIONS] memory starts, uint256[SECTIONS] memory lengths) {
        starts = [uint256(layout_.context), layout_.contextEcho, layout_.inputs, layout_.weights, layout_.outputs];
        uint256 items = layout_.items;
        lengths = [
            uint256(layout_.contextLimbs),
            layout_.contextEchoWords,
            items * layout_.inputWords,
            layout_.weightWords,
            items * layout_.outputWords
        ];
    }
}
