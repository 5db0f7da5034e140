/** The page in the browser: its entry module. */

export {};
