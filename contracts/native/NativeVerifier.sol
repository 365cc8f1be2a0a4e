// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IKeyedVerifier} from "../interfaces/IKeyedVerifier.sol";
import {Evaluations, Claims} from "./Evaluations.sol";
import {Copies} from "./Copies.sol";
import {Domain, Rows} from "./Domain.sol";
import {Fr} from "./Field.sol";
import {Gates} from "./Gates.sol";
import {Key, KeyData} from "./Key.sol";
import {Opening} from "./Opening.sol";
import {Challenges, Proof, Transcript} from "./Proof.sol";

/// @title The verifier of all native circuits over one KZG set-up. It has no state.
contract NativeVerifier is IKeyedVerifier {
    /// @notice keccak256 of the set-up's g2 and s_g2, four words each as the pairing takes them: imaginary part first.
    bytes32 public immutable SET_UP;

    /// @notice The key was made with another set-up than this verifier's.
    error NativeVerifier_OtherSetUp();

    constructor(bytes32 setUp) {
        SET_UP = setUp;
    }

    /// @inheritdoc IKeyedVerifier
    function verifyProof(address key, bytes calldata proof, uint256[] calldata instances) external view returns (bool) {
        Key memory found = KeyData.read(key);
        if (found.setUpHash != SET_UP) revert NativeVerifier_OtherSetUp();
        Proof memory words = Transcript.load(found, proof, instances);
        Challenges memory drawn = Transcript.challenges(found, words);
        Evaluations memory cells = Claims.read(found, words);
        Domain memory domain = Rows.domainOf(found, drawn, words);
        cells.instance = domain.instance;
        Fr identity = Copies.fold(found, cells, drawn, domain, Gates.fold(found, cells, drawn));
        return Opening.holds(found, words, cells, drawn, domain, identity * domain.overVanishing);
    }
}
