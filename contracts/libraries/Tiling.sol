// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {Layout, OutputKind} from "../types/Circuit.sol";

/// @title Whether the sections of a layout tile the instances: every word belongs to exactly one section.
library Tiling {
    uint256 private constant SECTIONS = 5;

    /// @notice Reverts with `ModelRegistry_BadLayout` unless each section is well formed and they tile.
    function requireTiled(Layout calldata layout_) internal pure {
        _requireSections(layout_);
        uint256[2][SECTIONS] memory spans = [
            [uint256(layout_.context), layout_.contextLimbs],
            [uint256(layout_.contextEcho), layout_.contextEchoWords],
            [uint256(layout_.inputs), uint256(layout_.items) * layout_.inputWords],
            [uint256(layout_.weights), layout_.weightWords],
            [uint256(layout_.outputs), uint256(layout_.items) * layout_.outputWords]
        ];
        uint256 end = 0;
        for (uint256 i = 0; i < SECTIONS; ++i) {
            end += _lengthAt(spans, end);
        }
        _require("instances", end, layout_.instances);
        uint256 words = 0;
        for (uint256 i = 0; i < SECTIONS; ++i) {
            words += spans[i][1];
        }
        _require("overlap", words, layout_.instances);
    }

    function _requireSections(Layout calldata layout_) private pure {
        if (layout_.items == 0) revert IModelRegistry.ModelRegistry_BadLayout("items", 0, 1);
        if (layout_.inputWords == 0) _require("items", layout_.items, 1); // a proof has one point of an input
        uint256 echoWords = layout_.contextEchoWords;
        if (echoWords > 1) _require("contextEcho", echoWords, layout_.contextLimbs);
        if (layout_.weightWords > 1) _require("weightWords", layout_.weightWords, 1);
        if (layout_.weightPoints != 0) _require("weightWords", layout_.weightWords, 0);
        _requireOutputs(layout_);
    }

    /// @dev All scores, or some labels: at least the first.
    function _requireOutputs(Layout calldata layout_) private pure {
        (uint256 words, uint256 classes) = (layout_.outputWords, layout_.classes);
        if (classes == 0) revert IModelRegistry.ModelRegistry_BadLayout("classes", 0, 1);
        if (layout_.outputKind == OutputKind.Scores) _require("outputs", words, classes);
        if (words == 0 || words > classes) revert IModelRegistry.ModelRegistry_BadLayout("outputs", words, classes);
    }

    /// @dev Length of the non-empty section that starts at `start`; 0 if there is none.
    function _lengthAt(uint256[2][SECTIONS] memory spans, uint256 start) private pure returns (uint256) {
        for (uint256 i = 0; i < SECTIONS; ++i) {
            if (spans[i][0] == start && spans[i][1] != 0) return spans[i][1];
        }
        return 0;
    }

    function _require(string memory section, uint256 actual, uint256 allowed) private pure {
        if (actual != allowed) revert IModelRegistry.ModelRegistry_BadLayout(section, actual, allowed);
    }
}
