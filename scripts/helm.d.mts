export declare const HOW_TO_GET_HELM: string;
export declare function helmPath(): string | undefined;
export declare function installHelm(): boolean;
