import { Component } from "@odoo/owl";

/** Approve and reject a part of the board, where something of it waits. */
export class DecideButtons extends Component {
    static template = "client_timetrack.DecideButtons";
    static props = {
        decide: Function,
        subject: String,
    };
}
