// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Statement} from "../../../contracts/libraries/Statement.sol";
import {Layout, OutputKind} from "../../../contracts/types/Circuit.sol";
import {Proofs} from "../common/Proofs.sol";

/// @notice Reading statements of random layouts: inputs, context echo, weights, outputs, context.
contract StatementTest {
    using Statement for Layout;

    function testFuzz_itsContextIsThere(uint256 seed, uint256 context) public view {
        Layout memory layout_ = _layout(seed);
        assert(this.hasContext(layout_, Proofs.statement(layout_, context, 1), context));
    }

    /// @dev A context counts modulo 2^(limbs * bits): any other value is refused, whichever limb it differs in.
    function testFuzz_anotherContextIsNot(uint256 seed, uint256 context, uint256 bit) public view {
        Layout memory layout_ = _layout(seed);
        uint256 bits = uint256(layout_.contextLimbs) * layout_.contextBits;
        uint256[] memory instances = Proofs.statement(layout_, context, 1);
        assert(!this.hasContext(layout_, instances, context ^ (1 << (bit % bits))));
        if (bits < 256) assert(this.hasContext(layout_, instances, context ^ (1 << bits)));
    }

    function testFuzz_aLimbHasNoOtherForm(uint256 seed, uint256 context, uint256 limb, uint256 more) public view {
        Layout memory layout_ = _layout(seed);
        uint256[] memory instances = Proofs.statement(layout_, context, 1);
        uint256 forms = type(uint256).max >> layout_.contextBits; // more would be shifted out of the word
        more = 1 + (more % (forms < 1e9 ? forms : 1e9));
        instances[layout_.context + (limb % layout_.contextLimbs)] += more << layout_.contextBits;
        assert(!this.hasContext(layout_, instances, context));
    }

    function testFuzz_contextDependsOnJobPayeeAndModel(bytes32 jobId, address payee, bytes32 modelId) public view {
        uint256 context = Statement.contextOf(jobId, payee, modelId);
        assert(context == uint256(keccak256(abi.encode(block.chainid, address(this), jobId, payee, modelId))));
        assert(context != Statement.contextOf(jobId, address(uint160(payee) ^ 1), modelId));
        assert(context != Statement.contextOf(jobId ^ bytes32(uint256(1)), payee, modelId));
        assert(context != Statement.contextOf(jobId, payee, modelId ^ bytes32(uint256(1))));
    }

    function testFuzz_inputsHashIsThatOfTheItemsRead(uint256 seed, uint256 items) public view {
        Layout memory layout_ = _layout(seed);
        items = 1 + (items % layout_.items);
        uint256[] memory instances = Proofs.statement(layout_, 0, 1);
        bytes32 expected = Proofs.inputsHash(layout_, items);
        assert(this.inputsHash(layout_, "", instances, items) == expected);
        _changeAfter(layout_, instances, items);
        assert(this.inputsHash(layout_, "", instances, items) == expected);
    }

    function testFuzz_everyInputWordCounts(uint256 seed, uint256 word) public view {
        Layout memory layout_ = _layout(seed);
        uint256[] memory instances = Proofs.statement(layout_, 0, 1);
        bytes32 before = this.inputsHash(layout_, "", instances, layout_.items);
        ++instances[layout_.inputs + (word % (uint256(layout_.items) * layout_.inputWords))];
        assert(this.inputsHash(layout_, "", instances, layout_.items) != before);
    }

    function testFuzz_outputsAreThoseOfTheItemsRead(uint256 seed, uint256 items) public view {
        Layout memory layout_ = _layout(seed);
        items = 1 + (items % layout_.items);
        uint256[] memory outputs = this.outputsOf(layout_, Proofs.statement(layout_, 0, 1), items);
        assert(outputs.length == items * layout_.outputWords);
        for (uint256 i = 0; i < outputs.length; ++i) {
            assert(outputs[i] == layout_.outputs + i + 1);
        }
    }

    function testFuzz_weightsAreTheDigestOrNothing(uint256 seed, uint256 digest) public view {
        Layout memory layout_ = _layout(seed);
        uint256 weights = this.weightsOf(layout_, "", Proofs.statement(layout_, 0, digest));
        assert(weights == (layout_.weightWords == 0 ? 0 : digest));
    }

    // ---------------------------------------------------------------- what the proof itself commits to

    /// @dev One item, by the point behind the head: its 64 bytes count, and no other.
    function testFuzz_theInputIsThePointBehindTheHead(uint256 seed, uint256 place, bytes1 other) public view {
        Layout memory layout_ = _pointed(seed);
        (uint256 start, uint256 end) = (_head(layout_), _head(layout_) + 64);
        bytes memory proof = _bytes(seed, end + (seed % 70));
        bytes32 before = this.inputsHash(layout_, proof, new uint256[](0), 1);
        assert(before == keccak256(abi.encode(keccak256(_slice(proof, start, end)))));
        place %= proof.length;
        bool counts = place >= start && place < end && proof[place] != other;
        proof[place] = other;
        assert((this.inputsHash(layout_, proof, new uint256[](0), 1) != before) == counts);
    }

    function testFuzz_pointsOfWeightsAreTheHead(uint256 seed, uint256 place, bytes1 other) public view {
        Layout memory layout_ = _pointed(seed);
        uint256 head = _head(layout_);
        bytes memory proof = _bytes(seed, head + 64);
        uint256 before = this.weightsOf(layout_, proof, new uint256[](0));
        assert(before == (head == 0 ? 0 : uint256(keccak256(_slice(proof, 0, head)))));
        place %= proof.length;
        bool counts = place < head && proof[place] != other;
        proof[place] = other;
        assert((this.weightsOf(layout_, proof, new uint256[](0)) != before) == counts);
    }

    function testFuzz_RevertWhen_theProofIsShort(uint256 seed, uint256 length) public view {
        Layout memory layout_ = _pointed(seed);
        uint256 least = _head(layout_) + 64;
        bytes memory short = _bytes(seed, length % least);
        try this.inputsHash(layout_, short, new uint256[](0), 1) {
            assert(false);
        } catch (bytes memory reason) {
            _requireShort(reason, short.length, least);
        }
        if (short.length >= _head(layout_)) return;
        try this.weightsOf(layout_, short, new uint256[](0)) {
            assert(false);
        } catch (bytes memory reason) {
            _requireShort(reason, short.length, _head(layout_));
        }
    }

    function _requireShort(bytes memory reason, uint256 actual, uint256 least) private pure {
        bytes memory expected = abi.encodeWithSelector(Statement.Statement_ShortProof.selector, actual, least);
        assert(keccak256(reason) == keccak256(expected));
    }

    function testFuzz_theLabelIsTheFirstWord(uint256 seed, uint256 item, uint256 label) public view {
        Layout memory layout_ = _layout(seed);
        (layout_.outputKind, item) = (OutputKind.Label, item % layout_.items);
        uint256[] memory instances = Proofs.statement(layout_, 0, 1);
        label %= 1 << 127;
        instances[layout_.outputs + item * layout_.outputWords] = label;
        (uint256 found, bool decided) = this.labelOf(layout_, instances, item);
        assert(found == label && decided);
    }

    // ---------------------------------------------------------------- instances

    function testFuzz_RevertWhen_aWordIsOutOfTheField(uint256 seed, uint256 word, uint256 value) public view {
        Layout memory layout_ = _layout(seed);
        uint256[] memory instances = Proofs.statement(layout_, 0, 1);
        word %= instances.length;
        instances[word] = value % Statement.FIELD_MODULUS;
        this.requireCanonical(layout_, instances);
        uint256 beyond = type(uint256).max - Statement.FIELD_MODULUS;
        instances[word] = Statement.FIELD_MODULUS + (value % (beyond + 1));
        try this.requireCanonical(layout_, instances) {
            assert(false);
        } catch (bytes memory reason) {
            bytes memory expected = abi.encodeWithSelector(
                Statement.Statement_OutOfField.selector,
                word,
                instances[word]
            );
            assert(keccak256(reason) == keccak256(expected));
        }
    }

    function testFuzz_RevertWhen_thereAreMoreOrFewerWords(uint256 seed, uint8 count) public view {
        Layout memory layout_ = _layout(seed);
        if (count == layout_.instances) ++count;
        try this.requireCanonical(layout_, new uint256[](count)) {
            assert(false);
        } catch (bytes memory reason) {
            assert(bytes4(reason) == Statement.Statement_WrongInstanceCount.selector);
        }
    }

    // ---------------------------------------------------------------- layouts

    /// @dev A layout by points, of 0 to 7 of hidden weights; its sections are not read.
    function _pointed(uint256 seed) private pure returns (Layout memory layout_) {
        (layout_.items, layout_.weightPoints) = (1, uint8((seed >> 8) % 8));
    }

    function _head(Layout memory layout_) private pure returns (uint256) {
        return layout_.weightPoints == 0 ? 0 : 32 + 64 * uint256(layout_.weightPoints);
    }

    function _bytes(uint256 seed, uint256 length) private pure returns (bytes memory made) {
        made = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            made[i] = bytes1(keccak256(abi.encode(seed, i)));
        }
    }

    function _slice(bytes memory whole, uint256 start, uint256 end) private pure returns (bytes memory part) {
        part = new bytes(end - start);
        for (uint256 i = start; i < end; ++i) {
            part[i - start] = whole[i];
        }
    }

    function _layout(uint256 seed) private pure returns (Layout memory layout_) {
        layout_.items = uint16(1 + (seed % 5));
        layout_.inputWords = uint16(1 + ((seed >> 8) % 7));
        layout_.contextLimbs = uint8(1 + ((seed >> 16) % 12));
        layout_.contextBits = uint8(1 + ((seed >> 24) % (253 / layout_.contextLimbs)));
        layout_.contextEchoWords = 1;
        layout_.weightWords = uint8((seed >> 32) % 2);
        layout_.outputWords = uint16(1 + ((seed >> 40) % 5));
        layout_.contextEcho = layout_.items * layout_.inputWords;
        layout_.weights = layout_.contextEcho + 1;
        layout_.outputs = layout_.weights + layout_.weightWords;
        layout_.context = layout_.outputs + layout_.items * layout_.outputWords;
        layout_.instances = layout_.context + layout_.contextLimbs;
    }

    /// @dev Padding slots hold anything.
    function _changeAfter(Layout memory layout_, uint256[] memory instances, uint256 items) private pure {
        uint256 end = uint256(layout_.items) * layout_.inputWords;
        for (uint256 i = items * layout_.inputWords; i < end; ++i) {
            instances[layout_.inputs + i] = 0;
        }
    }

    // ---------------------------------------------------------------- calldata

    function hasContext(
        Layout memory layout_,
        uint256[] calldata instances,
        uint256 context
    ) external pure returns (bool) {
        return layout_.hasContext(instances, context);
    }

    function inputsHash(
        Layout memory layout_,
        bytes calldata proof,
        uint256[] calldata instances,
        uint256 items
    ) external pure returns (bytes32) {
        return layout_.inputsHash(proof, instances, items);
    }

    function labelOf(
        Layout memory layout_,
        uint256[] calldata instances,
        uint256 item
    ) external pure returns (uint256 label, bool decided) {
        return layout_.labelOf(instances, item);
    }

    function outputsOf(
        Layout memory layout_,
        uint256[] calldata instances,
        uint256 items
    ) external pure returns (uint256[] memory) {
        return layout_.outputsOf(instances, items);
    }

    function weightsOf(
        Layout memory layout_,
        bytes calldata proof,
        uint256[] calldata instances
    ) external pure returns (uint256) {
        return layout_.weightsOf(proof, instances);
    }

    function requireCanonical(Layout memory layout_, uint256[] calldata instances) external pure {
        layout_.requireCanonical(instances);
    }
}
