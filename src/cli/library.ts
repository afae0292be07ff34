// The only way to the library: the program uses nothing but what every user can import.
export * from '../index.ts';
